using IterativeDpo.Judging.Command;

namespace IterativeDpo.Judging.Tests.Command;

public sealed class ErrorLogTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string LogPath => _directory["work/x.stderr.log"];

    [Fact]
    public void Keep_writesWhatWasRemembered_andWhatComes()
    {
        using (var log = new ErrorLog(LogPath))
        {
            log.Add("before");
            Assert.False(File.Exists(LogPath));
            log.Keep();
            log.Keep();
            log.Add("after");
        }

        Assert.Equal(["before", "after"], File.ReadAllLines(LogPath));
    }

    [Fact]
    public void Add_overTheLimit_beginsTheFileAnew()
    {
        using var log = new ErrorLog(LogPath);
        log.Keep();
        var line = new string('x', ErrorLog.LongestLine);
        for (var bytes = 0; bytes <= ErrorLog.MostBytes + 2 * line.Length; bytes += line.Length)
        {
            log.Add(line);
        }

        Assert.InRange(new FileInfo(LogPath).Length, line.Length, 10 * line.Length);
    }

    [Fact]
    public void Keep_fileThatWasFullBefore_beginsItAnew()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(LogPath)!);
        File.WriteAllText(LogPath, new string('x', ErrorLog.MostBytes + 1));
        using (var log = new ErrorLog(LogPath))
        {
            log.Add("before");
            log.Keep();
            log.Add("after");
        }

        Assert.Equal(["before", "after"], File.ReadAllLines(LogPath));
    }

    [Fact]
    public void Add_fileThatWasFullBefore_beginsItAnew()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(LogPath)!);
        File.WriteAllText(LogPath, new string('x', ErrorLog.MostBytes + 1));
        using (var log = new ErrorLog(LogPath))
        {
            log.Keep();
            log.Add("first");
            log.Add("second");
        }

        Assert.Equal(["first", "second"], File.ReadAllLines(LogPath));
    }

    [Fact]
    public void Tail_hasTheLastLines()
    {
        using var log = new ErrorLog(LogPath);
        Assert.Equal("it wrote nothing to its standard error", log.Tail);
        for (var i = 0; i < 12; i++)
        {
            log.Add($"line {i}");
        }

        Assert.DoesNotContain("line 1\n", log.Tail, StringComparison.Ordinal);
        Assert.EndsWith("line 10\nline 11", log.Tail, StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();
}

using System.Text;
using IterativeDpo.Artifacts.Lines;

namespace IterativeDpo.Artifacts.Tests.Lines;

public sealed class JsonLinesTests : IDisposable
{
    private static readonly JsonLines<Fruit> _lines = new JsonLines<Fruit>("not a fruit", "Pick another.")
    {
        Problem = fruit => fruit.Seeds < 0 ? "Its seeds are negative." : null,
    }.Or<OldFruit>(old => new(old.Title, Ripeness.Green, 0));

    private readonly TemporaryDirectory _directory = new();

    private enum Ripeness
    {
        Green,
        QuiteRipe,
    }

    private string FilePath => _directory["fruit.jsonl"];

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Write_records_areSnakeCaseForPeopleToRead()
    {
        using var stream = new MemoryStream();

        _lines.Write(stream, [new("é \"<1>\"", Ripeness.QuiteRipe, 3), new("b", Ripeness.Green, 0, "x")]);

        Assert.Equal(
            """
            {"name":"é \"<1>\"","ripe_by_now":"quite_ripe","seeds":3,"note":null}
            {"name":"b","ripe_by_now":"green","seeds":0,"note":"x"}

            """,
            Encoding.UTF8.GetString(stream.ToArray()));
    }

    [Theory]
    [InlineData("", "not a fruit: ")]
    [InlineData("{", "not a fruit: ")]
    [InlineData("null", "not a fruit: It is null.")]
    [InlineData("""{"name":"a","seeds":1}""", "ripe_by_now")]
    [InlineData("""{"name":null,"ripe_by_now":"green","seeds":1}""", "name")]
    [InlineData("""{"name":"a","ripe_by_now":"green","seeds":-1}""", "not a fruit: Its seeds are negative. Pick another.")]
    [InlineData("a\0", "byte 2 is a NUL")]
    public void Read_lineThatIsNoRecord_isNamedWithTheProblemAndTheWayOut(string line, string problem)
    {
        File.WriteAllText(FilePath, $$"""{"name":"a","ripe_by_now":"green","seeds":1}{{"\n"}}{{line}}{{"\n"}}""");

        var error = Assert.Throws<UserInputException>(() => _lines.Read(FilePath).Count());

        Assert.StartsWith($"{FilePath}, line 2: not a fruit: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
        Assert.EndsWith(" Pick another.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_bytesThatAreNoText_namesTheByte()
    {
        File.WriteAllBytes(FilePath, [.. "{\"name\":\""u8, 0xE9, .. "\",\"ripe_by_now\":\"green\",\"seeds\":1}\n"u8]);

        Assert.Contains(
            "line 1: not a fruit: byte 10 (0xE9) is no UTF-8",
            Assert.Throws<UserInputException>(() => _lines.Read(FilePath).Count()).Message);
    }

    [Fact]
    public void Read_noFile_isSaidBeforeTheFirstRecord() =>
        Assert.StartsWith($"{FilePath}: there is no such file", Assert.Throws<UserInputException>(() => _lines.Read(FilePath)).Message);

    [Fact]
    public void Read_lineOfAnEarlierVersion_isBroughtUpToDate()
    {
        File.WriteAllText(FilePath, "{\"title\":\"plum\"}\n{\"name\":\"b\",\"ripe_by_now\":\"quite_ripe\",\"seeds\":1}");

        Assert.Equal([new("plum", Ripeness.Green, 0), new("b", Ripeness.QuiteRipe, 1)], _lines.Read(FilePath));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    public void ReadLog_lastLineWithoutItsEnd_isCutOffAndAppendedAnew(int missing)
    {
        Append(new("a", Ripeness.Green, 1), new("b", Ripeness.Green, 2));
        var whole = File.ReadAllBytes(FilePath);
        File.WriteAllBytes(FilePath, whole[..^missing]);

        using (var file = Open())
        {
            var (record, line) = _lines.ReadLog(file, FilePath, "{\"name\":").Single();
            Assert.Equal((1, 0L, file.Length), (line.Number, line.Start, line.Bytes.Length + 1L));
            Assert.Equal("a", record.Name);
            _lines.Append(file, FilePath, new("b", Ripeness.Green, 2), flushToDisk: false);
        }

        Assert.Equal(whole, File.ReadAllBytes(FilePath));
    }

    [Fact]
    public void ReadLog_lastLineThatBeginsOtherwise_isAnErrorAndStays()
    {
        File.WriteAllText(FilePath, "my notes");
        using var file = Open();

        Assert.StartsWith(
            $"{FilePath}, line 1: ",
            Assert.Throws<UserInputException>(() => _lines.ReadLog(file, FilePath, "{\"name\":").Count()).Message);
        Assert.Equal("my notes".Length, file.Length);
    }

    [Fact]
    public void ReadLog_damagedLineBeforeTheLast_isAnError()
    {
        File.WriteAllText(FilePath, "{\"name\":\n{\"name\":");
        using var file = Open();

        Assert.StartsWith($"{FilePath}, line 1: ", Assert.Throws<UserInputException>(() => _lines.ReadLog(file, FilePath).Count()).Message);
    }

    /// <summary>A line that came in part would be one with the next.</summary>
    [Fact]
    public async Task Append_refusedHalfWay_leavesTheFileAsItWas()
    {
        using var process = SecondProcess.Start(
            $"trap '' XFSZ; ulimit -f 64; export DOTNET_EnableWriteXorExecute=0; exec {SecondProcess.Command} append '{FilePath}' 1000000");
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();

        Assert.StartsWith($"{FilePath}: cannot be written: the file is over the size limit", output);
        Assert.Equal("\"first\"\n", File.ReadAllText(FilePath));
    }

    private void Append(params Fruit[] fruits)
    {
        using var file = Open();
        foreach (var fruit in fruits)
        {
            _lines.Append(file, FilePath, fruit, flushToDisk: false);
        }
    }

    private FileStream Open() => new(FilePath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);

    private sealed record Fruit(string Name, Ripeness RipeByNow, int Seeds, string? Note = null);

    private sealed record OldFruit(string Title);
}

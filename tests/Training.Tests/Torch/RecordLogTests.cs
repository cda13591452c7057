using IterativeDpo.Artifacts.Store;
using IterativeDpo.Training.Torch;

namespace IterativeDpo.Training.Tests.Torch;

/// <summary>A log gives back the whole records from its beginning, whatever happened to the rest of it.</summary>
public sealed class RecordLogTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    private string LogPath => Path.Combine(_folder, "log");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Next_cut_off_anywhere_gives_the_records_before()
    {
        Write("one", "", "three");
        var whole = File.ReadAllBytes(LogPath);
        for (var length = 0; length <= whole.Length; length++)
        {
            File.WriteAllBytes(LogPath, whole[..length]);

            Assert.Equal(((string[])["one", "", "three"]).Take(length < 39 ? 0 : length < 75 ? 1 : length < 116 ? 2 : 3), Read());
        }
        Assert.Equal(116, whole.Length);
    }

    [Fact]
    public void Next_any_byte_damaged_gives_the_records_before_it()
    {
        Write("one", "two", "three");
        var whole = File.ReadAllBytes(LogPath);
        for (var i = 0; i < whole.Length; i++)
        {
            var damaged = whole.ToArray();
            damaged[i] ^= 0x81;
            File.WriteAllBytes(LogPath, damaged);

            Assert.Equal(((string[])["one", "two"]).Take(i / 39), Read());
        }
    }

    [Fact]
    public void Append_behind_what_was_read_takes_the_place_of_the_rest()
    {
        Write("one", "two", "three");

        using (var log = new RecordLog(LogPath, "key"))
        {
            log.Next();
            log.Append("zwei"u8);
            Assert.Null(log.Next());
            Assert.Equal(2, log.Count);
        }

        Assert.Equal(["one", "zwei"], Read());
    }

    [Fact]
    public void Next_of_another_key_gives_nothing()
    {
        Write("one");

        Assert.Empty(Read("other key"));
    }

    [Fact]
    public void Next_records_in_another_order_gives_those_before()
    {
        Write("one", "two");
        var whole = File.ReadAllBytes(LogPath);
        File.WriteAllBytes(LogPath, [.. whole[39..], .. whole[..39]]);

        Assert.Empty(Read());
    }

    [Fact]
    public void Append_without_space_names_the_file()
    {
        using var log = new RecordLog("/dev/full", "key");

        Assert.StartsWith(
            "/dev/full: cannot be written: no space left",
            Assert.Throws<StorageException>(() => log.Append("one"u8)).Message);
    }

    private void Write(params string[] records)
    {
        using var log = new RecordLog(LogPath, "key");
        foreach (var record in records)
        {
            log.Append(System.Text.Encoding.UTF8.GetBytes(record));
        }
        log.Flush();
    }

    private List<string> Read(string key = "key")
    {
        using var log = new RecordLog(LogPath, key);
        var records = new List<string>();
        while (log.Next() is { } record)
        {
            records.Add(System.Text.Encoding.UTF8.GetString(record));
        }
        return records;
    }
}

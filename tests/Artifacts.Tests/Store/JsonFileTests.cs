using IterativeDpo.Artifacts.Store;

namespace IterativeDpo.Artifacts.Tests.Store;

public sealed class JsonFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private sealed record Document(string Name, int[] Values, string? Note);

    [Fact]
    public void Read_gives_what_WriteAtomic_wrote()
    {
        JsonFile.WriteAtomic(_directory["sub/a.json"], new Document("é", [1, 2], null));

        var read = JsonFile.Read<Document>(_directory["sub/a.json"]);

        Assert.Equal(("é", null), (read.Name, read.Note));
        Assert.Equal([1, 2], read.Values);
        Assert.EndsWith("}\n", File.ReadAllText(_directory["sub/a.json"]));
    }

    [Fact]
    public void Read_of_a_missing_file_names_it()
    {
        var error = Assert.Throws<StorageException>(() => JsonFile.Read<Document>(_directory["a.json"]));

        Assert.StartsWith($"{_directory["a.json"]}: cannot be read: it does not exist", error.Message);
    }

    [Theory]
    [InlineData("""{ "name": "x", "note": "" }""", "values")]
    [InlineData("""{ "name": null, "values": [], "note": "" }""", "name")]
    [InlineData("{ \"name\": \"x\",\n\n \"values\": [1,, 2]", "LineNumber: 2")]
    public void Read_of_a_damaged_file_says_where(string json, string place)
    {
        File.WriteAllText(_directory["a.json"], json);

        var error = Assert.Throws<StorageException>(() => JsonFile.Read<Document>(_directory["a.json"]));

        Assert.StartsWith($"{_directory["a.json"]}: damaged", error.Message);
        Assert.Contains(place, error.Message);
    }
}

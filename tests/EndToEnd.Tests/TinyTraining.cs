using IterativeDpo.Training;

namespace IterativeDpo.EndToEnd.Tests;

/// <summary>Training runs of a few seconds in a directory of their own, on the bundled seed policy.</summary>
public sealed class TinyTraining : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("dpo-train-");

    public TinyTraining(int pairs = 48)
    {
        using var file = File.Create(DataPath);
        PairFile.Write(file, Enumerable.Range(0, pairs).Select(i => new PairRecord(
            new PreferencePair($"p{i / 2}", [256, .. Bytes($"Say {i / 2}")], [.. Bytes($"{i}"), 257], [.. Bytes($"no {i}"), 257]))));
    }

    public static string Model => Path.Combine(AppContext.BaseDirectory, "models", "seed.gguf");

    public string DataPath => PathOf("pairs.jsonl");

    public string PathOf(string name) => Path.Combine(_directory.FullName, name);

    /// <summary>The command line of a run into a directory: three epochs, a checkpoint every second step.</summary>
    /// <param name="more">Options that take the place of these or come after them.</param>
    public string[] Arguments(string output, params string[] more)
    {
        string[] usual =
        [
            "--model", Model, "--data", DataPath, "--out", PathOf(output), "--threads", "1", "--epochs", "3", "--batch-pairs", "4",
            "--learning-rate", "1e-3", "--set", "training.checkpoint-steps=2",
        ];
        return
        [
            "train",
            .. usual.Chunk(2).Where(option => option[0] == "--set" || !more.Contains(option[0])).SelectMany(option => option),
            .. more,
        ];
    }

    public byte[] Result(string output, string file = "adapter.gguf") => File.ReadAllBytes(Path.Combine(PathOf(output), file));

    /// <summary>Steps whose metrics are written.</summary>
    public int StepsOf(string output)
    {
        var path = Path.Combine(PathOf(output), "metrics.jsonl");
        return File.Exists(path) ? File.ReadLines(path).Count() : 0;
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private static IEnumerable<int> Bytes(string text) => text.Select(c => (int)c);
}

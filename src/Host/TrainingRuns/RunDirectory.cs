using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Lines;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Training.Data;

namespace IterativeDpo.Host.TrainingRuns;

/// <summary>
/// The output directory of a training run, held by this process: <c>settings.json</c> says what is computed there, <c>metrics.jsonl</c> has
/// the steps, <c>work/</c> the tokenised data and the checkpoints, <c>rejected.jsonl</c> the rows that were not used, <c>report.html</c>
/// the curves, <c>adapter.gguf</c> or <c>model.gguf</c> the result, <c>average.gguf</c> the moving average of adapters.
/// </summary>
internal sealed class RunDirectory : IDisposable
{
    public const string MetricsFile = "metrics.jsonl";

    public const string RejectedFile = "rejected.jsonl";

    /// <summary>A key of the settings that no other program's file of that name has.</summary>
    public const string ModelKey = "model-sha256";

    private const string SettingsFile = "settings.json";

    private readonly DirectoryLock _lock;

    private RunDirectory(string path, DirectoryLock held) => (Root, _lock) = (path, held);

    public string Root { get; }

    public string Work => System.IO.Path.Combine(Root, "work");

    public string Path(string name) => System.IO.Path.Combine(Root, name);

    /// <summary>Takes the directory for a run, and makes it if it is not there.</summary>
    /// <param name="settings">All that the run depends on, as JSON.</param>
    /// <exception cref="UserInputException">In use, not writable, or of a run with other settings: names them. Nothing in it was
    /// changed.</exception>
    public static RunDirectory Open(string path, string settings)
    {
        DirectoryLock? held = null;
        try
        {
            RefuseForeign(path);
            Directory.CreateDirectory(path);
            held = DirectoryLock.Take(path, "--out");
            var directory = new RunDirectory(path, held);
            directory.DeleteAbandoned();
            directory.Claim(settings);
            Directory.CreateDirectory(directory.Work);
            return directory;
        }
        catch (Exception e)
        {
            held?.Dispose();
            throw e is IOException or UnauthorizedAccessException
                ? new UserInputException($"{path}: cannot be used for the run: {e.Message} Choose another directory with --out.", e)
                : e;
        }
    }

    /// <summary>Lists the rows of the data that were not used, and says on standard error that there are some.</summary>
    public void ListRejected(params IEnumerable<RowSummary?> summaries)
    {
        var all = summaries.OfType<RowSummary>().ToList();
        if (all.All(rows => rows.Rejected == 0))
        {
            return;
        }
        AtomicFile.Write(Path(RejectedFile), stream => JsonLines.Write(stream, all.SelectMany(rows => rows.FirstRejected)));
        var (rejected, listed) = (all.Sum(rows => rows.Rejected), all.Sum(rows => rows.FirstRejected.Count));
        Console.Error.WriteLine(
            $"dpo: {rejected} of {all.Sum(rows => rows.Rows)} rows were not used; {Path(RejectedFile)} says why{(listed < rejected ? $" of the first {listed}" : "")}");
    }

    public void Dispose() => _lock.Dispose();

    /// <summary>Files that a killed process was writing; another command may be writing one of its own here.</summary>
    private void DeleteAbandoned()
    {
        foreach (var directory in new[] { Root, Work }.Where(Directory.Exists))
        {
            AtomicFile.DeleteAbandoned(directory);
        }
    }

    /// <summary>Before the lock, which leaves files of its own: one of its files is all that a run has before its settings.</summary>
    private static void RefuseForeign(string root)
    {
        var settings = System.IO.Path.Combine(root, SettingsFile);
        var isForeign = File.Exists(settings)
            ? ReadSettings(settings) is not JsonObject run || !run.ContainsKey(ModelKey)
            : Directory.Exists(root) && Directory.EnumerateFileSystemEntries(root).Any(entry =>
                System.IO.Path.GetFileName(entry) is not ("lock" or "owner") && !AtomicFile.IsTemporary(entry));
        if (isForeign)
        {
            throw new UserInputException($"{root}: holds other files and no training run. Choose an empty or a new directory with --out.");
        }
    }

    private void Claim(string settings)
    {
        var file = Path(SettingsFile);
        if (File.Exists(file)
            && File.Exists(Path(MetricsFile))
            && OptionsJson.Differences(ReadSettings(file), JsonNode.Parse(settings)) is { Count: > 0 } differences)
        {
            throw new UserInputException(
                $"{Root}: holds a run with other settings ({string.Join("; ", differences)}). Use those to go on with it, or choose another directory with --out.");
        }
        // Settings of a run that never took a step, because of bad input say, give way.
        AtomicFile.Write(file, stream => stream.Write(Encoding.UTF8.GetBytes(settings)));
    }

    private static JsonNode? ReadSettings(string file)
    {
        try
        {
            return JsonNode.Parse(File.ReadAllText(file));
        }
        catch (JsonException e)
        {
            throw new UserInputException($"{file}: damaged: {e.Message} Choose another directory with --out, or delete this one.", e);
        }
    }
}

using System.Text;
using System.Text.Json;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;

namespace IterativeDpo.Training;

/// <summary>
/// A run's metrics as JSON lines, one step a line: <c>{"step":1,"steps":90,"loss":0.69,…,"tokens_per_second":5120}</c>. A run that goes on
/// from a checkpoint takes the lines after it back, so that every step is there once.
/// </summary>
/// <param name="time">Measures the tokens per second between steps; the first step after a start has none.</param>
public sealed class MetricsLog(string path, TimeProvider time) : IProgress<TrainingStep>, IDisposable
{
    private const string Rate = "tokens_per_second";

    private Stream? _stream;
    private (long Time, double Tokens) _last;

    /// <summary>Opens the file for appending; without a buffer, so that what cannot be written fails at once, and only once.</summary>
    internal Func<string, Stream> Open { get; init; } = path => new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);

    /// <exception cref="ArtifactStoreException">The file cannot be written. The run goes on from its last checkpoint.</exception>
    public void Report(TrainingStep value)
    {
        var now = time.GetTimestamp();
        var tokens = value.Metrics.GetValueOrDefault("num_tokens");
        double? rate = _stream is null ? null : (tokens - _last.Tokens) / time.GetElapsedTime(_last.Time, now).TotalSeconds;
        _last = (now, tokens);
        var line = Encoding.UTF8.GetBytes(Line(value, rate is { } known && double.IsFinite(known) ? known : null) + "\n");
        try
        {
            _stream ??= OpenAt(value.Step);
            _stream.Write(line);
        }
        catch (Exception e) when (IoFailure.Is(e))
        {
            throw IoFailure.Explain(path, "cannot be written", e);
        }
    }

    /// <summary>Sees to it that every step of a finished run has its line: a process may end between a checkpoint and its line.</summary>
    public void Complete(IReadOnlyList<TrainingStep> history)
    {
        Dispose();
        var lines = ReadLines(path).ToDictionary(line => line.Step, line => line.Text);
        if (lines.Count != history.Count)
        {
            AtomicFile.Write(path, stream => Write(stream, history.Select(step => lines.GetValueOrDefault(step.Step) ?? Line(step, null))));
        }
    }

    /// <summary>Writes steps without their rates: the same steps give the same bytes.</summary>
    public static void Write(Stream stream, IEnumerable<TrainingStep> steps) => Write(stream, steps.Select(step => Line(step, null)));

    /// <exception cref="UserInputException">The file is missing, or a line is no step: names the file and the line.</exception>
    public static IReadOnlyList<TrainingStep> Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new UserInputException($"{path}: there is no such metrics file.");
        }
        using var stream = File.OpenRead(path);
        return Read(stream, path);
    }

    /// <param name="name">What messages call the stream.</param>
    public static IReadOnlyList<TrainingStep> Read(Stream stream, string name)
    {
        using var reader = new StreamReader(stream);
        var steps = new List<TrainingStep>();
        while (reader.ReadLine() is { } line)
        {
            steps.Add(Parse(line) ?? throw new UserInputException($"{name}, line {steps.Count + 1}: not the metrics of a step. Correct the line or remove it."));
        }
        return steps;
    }

    public void Dispose()
    {
        _stream?.Dispose();
        _stream = null;
    }

    private Stream OpenAt(int step)
    {
        var kept = ReadLines(path).Where(line => line.Step < step).Select(line => line.Text).ToArray();
        AtomicFile.Write(path, stream => Write(stream, kept));
        return Open(path);
    }

    private static void Write(Stream stream, IEnumerable<string> lines)
    {
        foreach (var line in lines)
        {
            stream.Write(Encoding.UTF8.GetBytes(line + "\n"));
        }
    }

    /// <summary>The whole lines of the file; a last one that was cut short is left out.</summary>
    private static IEnumerable<(int Step, string Text)> ReadLines(string path) => !File.Exists(path)
        ? []
        : File.ReadLines(path).Select(line => (Step: Parse(line)?.Step ?? 0, line)).Where(line => line.Step > 0);

    private static string Line(TrainingStep step, double? rate)
    {
        var fields = new Dictionary<string, object> { ["step"] = step.Step, ["steps"] = step.Steps };
        foreach (var (name, value) in step.Metrics)
        {
            fields[name] = value;
        }
        if (rate is { } measured)
        {
            fields[Rate] = Math.Round(measured, 1);
        }
        return JsonSerializer.Serialize(fields);
    }

    private static TrainingStep? Parse(string line)
    {
        try
        {
            var fields = JsonSerializer.Deserialize<SortedDictionary<string, double>>(line)!;
            return fields.Remove("step", out var step) && fields.Remove("steps", out var steps) ? new((int)step, (int)steps, fields) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

using System.Text;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Lines;
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

    private static readonly JsonLines<OrderedDictionary<string, double>> Lines = new(
        "not the metrics of a step",
        "Correct the line or remove it.")
    {
        Problem = fields => fields.ContainsKey("step") && fields.ContainsKey("steps") ? null : "It has no 'step', or no 'steps'.",
    };

    private Stream? _stream;
    private (long Time, double Tokens) _last;

    /// <summary>Opens the file for appending; without a buffer, so that what cannot be written fails at once, and only once.</summary>
    internal Func<string, Stream> Open { get; init; } =
        path => new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);

    /// <exception cref="StorageException">The file cannot be written. The run goes on from its last checkpoint.</exception>
    public void Report(TrainingStep value)
    {
        var now = time.GetTimestamp();
        var tokens = value.Metrics.GetValueOrDefault("num_tokens");
        double? rate = _stream is null ? null : (tokens - _last.Tokens) / time.GetElapsedTime(_last.Time, now).TotalSeconds;
        _last = (now, tokens);
        var line = JsonLines.Line(FieldsOf(value, rate is { } known && double.IsFinite(known) ? known : null));
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
        var lines = ReadWhole().ToDictionary(fields => (int)fields["step"]);
        if (lines.Count != history.Count)
        {
            AtomicFile.Write(
                path,
                stream => Lines.Write(stream, history.Select(step => lines.GetValueOrDefault(step.Step) ?? FieldsOf(step))));
        }
    }

    /// <summary>Writes steps without their rates: the same steps give the same bytes.</summary>
    public static void Write(Stream stream, IEnumerable<TrainingStep> steps) => Lines.Write(stream, steps.Select(step => FieldsOf(step)));

    /// <exception cref="UserInputException">The file is missing, or a line is no step: names the file and the line.</exception>
    public static IReadOnlyList<TrainingStep> Read(string path) => [.. Lines.Read(path).Select(StepOf)];

    /// <param name="name">What messages call the stream.</param>
    public static IReadOnlyList<TrainingStep> Read(Stream stream, string name) => [.. Lines.Read(stream, name).Select(StepOf)];

    public void Dispose()
    {
        _stream?.Dispose();
        _stream = null;
    }

    private Stream OpenAt(int step)
    {
        var kept = ReadWhole().Where(fields => fields["step"] < step).ToArray();
        AtomicFile.Write(path, stream => Lines.Write(stream, kept));
        return Open(path);
    }

    /// <summary>The lines that are steps; whatever else a killed process left is made up for by the run's history.</summary>
    private IEnumerable<OrderedDictionary<string, double>> ReadWhole() => !File.Exists(path)
        ? []
        : File.ReadLines(path).Select(line => Lines.TryParse(Encoding.UTF8.GetBytes(line))).OfType<OrderedDictionary<string, double>>();

    private static OrderedDictionary<string, double> FieldsOf(TrainingStep step, double? rate = null)
    {
        var fields = new OrderedDictionary<string, double> { ["step"] = step.Step, ["steps"] = step.Steps };
        foreach (var (name, value) in step.Metrics)
        {
            fields[name] = value;
        }
        if (rate is { } measured)
        {
            fields[Rate] = Math.Round(measured, 1);
        }
        return fields;
    }

    private static TrainingStep StepOf(OrderedDictionary<string, double> fields) => new(
        (int)fields["step"],
        (int)fields["steps"],
        new SortedDictionary<string, double>(fields.Where(field => field.Key is not ("step" or "steps")).ToDictionary()));
}

using System.Text.Json;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Lines;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Runs;

/// <summary>
/// The verdicts of one judge in a file that grows by a line whenever a prompt is judged, so that judging goes on where it was stopped.
/// It holds where each verdict is, not the verdicts.
/// </summary>
public sealed class VerdictLog : IDisposable
{
    private static readonly JsonLines<PromptVerdict> Lines =
        VerdictFile.Lines with { WayOut = "Nothing is added to this file: choose another --out, or replace it with --force." };

    private readonly string _path;
    private readonly string _judge;
    private readonly FileStream _file;
    private readonly Dictionary<string, (long Start, int Length)> _places = [];

    private bool _replace;

    private VerdictLog(string path, string judge, FileStream file, bool replace) =>
        (_path, _judge, _file, _replace) = (path, judge, file, replace);

    /// <summary>Prompts that have a verdict.</summary>
    public IReadOnlyCollection<string> PromptIds => _places.Keys;

    /// <summary>Opens the file, or makes it; a last line that was cut short is taken away.</summary>
    /// <param name="replace">Whatever is there goes when the first verdict comes.</param>
    /// <exception cref="UserInputException">It is no verdicts file, or another judge's, or in use; nothing was changed.</exception>
    public static VerdictLog Open(string path, string judge, bool replace = false)
    {
        if (SpecialFile.Is(path))
        {
            throw new UserInputException(
                $"{path}: this is a pipe or a device, and verdicts are kept for a later run to go on with. Choose a file for --out.");
        }
        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        }
        catch (Exception e) when (IoFailure.Is(e))
        {
            throw new UserInputException($"{path}: the verdicts cannot be kept here: {IoFailure.Cause(e)}", e);
        }
        var log = new VerdictLog(path, judge, file, replace);
        try
        {
            foreach (var (verdict, line) in replace ? [] : Lines.ReadLog(file, path, "{\"prompt_id\":"))
            {
                log.Add(verdict, line);
            }
            return log;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The verdict there is on these samples, or null.</summary>
    /// <exception cref="UserInputException">There is one on other samples of this prompt.</exception>
    public PromptVerdict? Find(PromptSamples samples)
    {
        if (!_places.TryGetValue(samples.Prompt.Id, out var place))
        {
            return null;
        }
        var line = new byte[place.Length];
        RandomAccess.Read(_file.SafeFileHandle, line, place.Start);
        var found = Lines.Parse(line, _path);
        return found.Source!.SamplesSha256 == DigestOf(samples) ? found : throw new UserInputException(
            $"{_path}: its verdict on prompt '{samples.Prompt.Id}' is on other samples than these. Choose another --out, or begin again with --force.");
    }

    /// <summary>Adds a verdict; it is there whatever happens to this process.</summary>
    /// <exception cref="StorageException">It cannot be written; the file is as it was.</exception>
    public void Append(PromptSamples samples, PromptVerdict judged)
    {
        if (_replace)
        {
            _file.SetLength(0);
            _replace = false;
        }
        Lines.Append(_file, _path, judged with { Source = new(_judge, DigestOf(samples)) }, flushToDisk: false);
    }

    public void Dispose() => _file.Dispose();

    private void Add(PromptVerdict verdict, Line line)
    {
        if (verdict.Source is not { } source)
        {
            throw new UserInputException(
                $"{_path}, line {line.Number}: a verdict that this command did not write. Choose another --out, or begin again with --force.");
        }
        if (source.Judge != _judge)
        {
            throw new UserInputException(
                $"{_path}: holds the verdicts of the judge '{source.Judge}', not of '{_judge}'. Choose another --out, or begin again with --force.");
        }
        _places[verdict.PromptId] = (line.Start, line.Bytes.Length);
    }

    private static Digest DigestOf(PromptSamples samples) =>
        Digest.Of(JsonSerializer.SerializeToUtf8Bytes(new
        {
            samples.Prompt,
            samples.PromptIds,
            Samples = samples.Samples.Select(sample => new { sample.Text, sample.TokenIds, sample.FinishReason }),
        }));
}

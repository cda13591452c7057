using System.Text;
using System.Text.Json;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Runs;

/// <summary>
/// The verdicts of one judge in a file that grows by a line whenever a prompt is judged, so that judging goes on where it was stopped.
/// It holds where each verdict is, not the verdicts.
/// </summary>
public sealed class VerdictLog : IDisposable
{
    private readonly string _path;
    private readonly string _judge;
    private readonly FileStream _file;
    private readonly Dictionary<string, (long Start, int Length)> _places = [];

    private bool _replace;

    private VerdictLog(string path, string judge, FileStream file, bool replace) => (_path, _judge, _file, _replace) = (path, judge, file, replace);

    /// <summary>Prompts that have a verdict.</summary>
    public IReadOnlyCollection<string> PromptIds => _places.Keys;

    /// <summary>Opens the file, or makes it; a last line that was cut short is taken away.</summary>
    /// <param name="replace">Whatever is there goes when the first verdict comes.</param>
    /// <exception cref="UserInputException">It is no verdicts file, or another judge's, or in use; nothing was changed.</exception>
    public static VerdictLog Open(string path, string judge, bool replace = false)
    {
        if (SpecialFile.Is(path))
        {
            throw new UserInputException($"{path}: this is a pipe or a device, and verdicts are kept for a later run to go on with. Choose a file for --out.");
        }
        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception e) when (IoFailure.Is(e))
        {
            throw new UserInputException($"{path}: the verdicts cannot be kept here: {IoFailure.Cause(e)}", e);
        }
        var log = new VerdictLog(path, judge, file, replace);
        try
        {
            if (!replace)
            {
                log.Index();
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
        var found = VerdictFile.Parse(Encoding.UTF8.GetString(line), _path);
        return found.Source!.SamplesSha256 == DigestOf(samples) ? found : throw new UserInputException(
            $"{_path}: its verdict on prompt '{samples.Prompt.Id}' is on other samples than these. Choose another --out, or begin again with --force.");
    }

    /// <summary>Adds a verdict; it is there whatever happens to this process.</summary>
    public void Append(PromptSamples samples, PromptVerdict judged)
    {
        try
        {
            if (_replace)
            {
                _file.SetLength(0);
                _replace = false;
            }
            _file.Seek(0, SeekOrigin.End);
            VerdictFile.Write(_file, [judged with { Source = new(_judge, DigestOf(samples)) }]);
            _file.Flush();
        }
        catch (Exception e) when (IoFailure.Is(e))
        {
            throw IoFailure.Explain(_path, "a verdict cannot be added", e);
        }
    }

    public void Dispose() => _file.Dispose();

    private void Index()
    {
        const string Beginning = "{\"prompt_id\":";
        using var reader = new StreamReader(_file, leaveOpen: true);
        var (number, start) = (0, 0L);
        while (reader.ReadLine() is { } line)
        {
            number++;
            var length = Encoding.UTF8.GetByteCount(line);
            // A line without its end is what a killed process left.
            if (start + length == _file.Length && (line.StartsWith(Beginning, StringComparison.Ordinal) || Beginning.StartsWith(line, StringComparison.Ordinal)))
            {
                _file.SetLength(start);
                return;
            }
            Add(Parse(line, number), (start, length), number);
            start += length + 1;
        }
    }

    private PromptVerdict Parse(string line, int number)
    {
        try
        {
            return VerdictFile.Parse(line, $"{_path}, line {number}");
        }
        catch (UserInputException e)
        {
            throw new UserInputException($"{_path}, line {number}: not a prompt's verdict, so nothing is added to this file. Choose another --out, or replace it with --force.", e);
        }
    }

    private void Add(PromptVerdict verdict, (long, int) place, int number)
    {
        if (verdict.Source is not { } source)
        {
            throw new UserInputException($"{_path}, line {number}: a verdict that this command did not write. Choose another --out, or begin again with --force.");
        }
        if (source.Judge != _judge)
        {
            throw new UserInputException(
                $"{_path}: holds the verdicts of the judge '{source.Judge}', not of '{_judge}'. Choose another --out, or begin again with --force.");
        }
        _places[verdict.PromptId] = place;
    }

    private static Digest DigestOf(PromptSamples samples) =>
        Digest.Of(JsonSerializer.SerializeToUtf8Bytes(new
        {
            samples.Prompt,
            samples.PromptIds,
            Samples = samples.Samples.Select(sample => new { sample.Text, sample.TokenIds, sample.FinishReason }),
        }));
}

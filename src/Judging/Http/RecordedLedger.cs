using IterativeDpo.Artifacts;

namespace IterativeDpo.Judging.Http;

/// <summary>What a judge was answered, for whoever does its work again: nobody is asked anything.</summary>
/// <param name="path">The file of its answers; it need not be there, and is only read.</param>
internal sealed class RecordedLedger(string judge, string path) : ILedger
{
    public string? Writer => null;

    /// <summary>All answers, forgotten ones too: they were given for the rounds before.</summary>
    public Task<IReadOnlyList<CallEntry>> ReadAsync(long known, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<CallEntry>>(
            known > 0 || !File.Exists(path) ? [] : [.. CallEntry.Lines.Read(path).Where(entry => !entry.Forget)]);

    /// <exception cref="UserInputException">Always: a question has no answer there.</exception>
    public Task<IReadOnlyList<CallEntry>> AppendAsync(long known, CallEntry entry, CancellationToken cancellationToken) =>
        throw new UserInputException(
            $"{path}: the judge '{judge}' has no recorded answer to one of its questions, and nobody is asked now.");

    public void Dispose()
    {
    }
}

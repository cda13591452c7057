using IterativeDpo.Generation;

namespace IterativeDpo.Judging;

/// <summary>Labels all samples of a prompt. A failure is an exception, never a score.</summary>
public interface IJudge : IAsyncDisposable
{
    /// <summary>Names the judge and its settings in provenance.</summary>
    string Name { get; }

    /// <summary>Whether a sample gets a score by itself; one that only compares samples cannot grade single answers.</summary>
    bool ScoresSingleSamples { get; }

    /// <summary>
    /// Makes sure, before anything is sampled, that the judge can judge: that it can be reached, and that these prompts have what it needs.
    /// </summary>
    /// <exception cref="Artifacts.UserInputException">It cannot; says why and what to do.</exception>
    Task CheckAsync(IEnumerable<Prompt> prompts, CancellationToken cancellationToken);

    /// <summary>Loads what the judge needs in this process, if it is not loaded yet, so that no prompt's time goes into it.</summary>
    /// <exception cref="Artifacts.UserInputException">It cannot be loaded; says why.</exception>
    Task LoadAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Says which policy the next samples come from, for judges that ask the policy itself.</summary>
    /// <param name="adapterPath">Its adapter; null is the base.</param>
    void UsePolicy(string? adapterPath)
    {
    }

    /// <summary>Says of which round the next samples are, for judges that ask people.</summary>
    /// <param name="round">Null: they are held-out answers, and of no round's training.</param>
    void UseRound(int? round)
    {
    }

    /// <summary>
    /// Says for the how-manieth time the next samples are judged: an answer that is kept of another time is not taken again.
    /// </summary>
    /// <param name="time">0 is the first.</param>
    void AskAnew(int time)
    {
    }

    /// <summary>Any number of calls at once.</summary>
    Task<Verdict> JudgeAsync(PromptSamples samples, CancellationToken cancellationToken);
}

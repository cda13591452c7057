using System.Text.Json.Serialization;
using IterativeDpo.Generation;
using IterativeDpo.Judging;
using IterativeDpo.Judging.Quality;
using IterativeDpo.Judging.Verifier;

namespace IterativeDpo.Campaigns.Configuration;

/// <summary>Who judges, and how long and how often a judge is tried on one prompt.</summary>
/// <param name="Judge">The judge's name: one of <paramref name="Judges"/>, or <c>verifier</c>, which runs each prompt's own checks.</param>
/// <param name="Timeout">Most time for the samples of one prompt, waiting for a shared model included, loading it not.</param>
/// <param name="Retries">Further tries after a failure; then the unit is tried on another worker.</param>
/// <param name="Concurrency">Prompts that a worker judges at once.</param>
/// <param name="Judges">The judges that the configuration names.</param>
/// <param name="Limits">What bias is warned about; null: the defaults.</param>
public sealed record JudgingOptions(
    string Judge,
    TimeSpan Timeout,
    int Retries,
    int Concurrency = 1,
    IReadOnlyList<JudgeOptions>? Judges = null,
    JudgeLimits? Limits = null)
{
    /// <summary>The judge that is there without being named.</summary>
    public const string Verifier = "verifier";

    /// <summary>Checks of prompts that have none of their own; null is none.</summary>
    [JsonIgnore]
    public IReadOnlyList<AnswerCheck>? DefaultChecks => (Judges?.FirstOrDefault(judge => judge.Name == Verifier) as VerifierOptions)?.Checks;

    /// <exception cref="KeyNotFoundException">There is no such judge.</exception>
    public JudgeOptions Find(string name) =>
        Judges?.FirstOrDefault(judge => judge.Name == name)
        ?? (name == Verifier ? new VerifierOptions(Verifier) : throw new KeyNotFoundException($"No judge is named {name}."));

    /// <summary>The judge and all that it asks, directly or by way of others.</summary>
    /// <exception cref="KeyNotFoundException">There is no such judge.</exception>
    public IEnumerable<JudgeOptions> FindAll(string name) => Find(name).Asks.SelectMany(FindAll).Prepend(Find(name)).Distinct();
}

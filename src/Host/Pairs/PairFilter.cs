using IterativeDpo.Training;

namespace IterativeDpo.Host.Pairs;

/// <summary>Which pairs are meant; what is null does not matter.</summary>
/// <param name="MinMargin">Least difference of the two scores.</param>
/// <param name="Contains">In the prompt or one of the answers, in any case.</param>
internal sealed record PairFilter(
    int? Round = null,
    string? Task = null,
    string? Judge = null,
    double? MinMargin = null,
    string? Prompt = null,
    string? Contains = null)
{
    public bool Matches(PreferencePair pair, PairProvenance source) =>
        MatchesPrompt(pair.PromptId, source.Task)
        && (Judge is null || source.JudgeName == Judge)
        && (MinMargin is not { } margin || source.ChosenScore - source.RejectedScore >= margin)
        && (Has(source.PromptText) || Has(source.ChosenText) || Has(source.RejectedText));

    public bool MatchesPrompt(string id, string? task) => (Prompt is null || id == Prompt) && (Task is null || task == Task);

    public bool Has(string text) => Contains is null || text.Contains(Contains, StringComparison.OrdinalIgnoreCase);
}

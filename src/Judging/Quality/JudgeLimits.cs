using System.Globalization;
using IterativeDpo.Artifacts.Settings;

namespace IterativeDpo.Judging.Quality;

/// <summary>
/// How much bias is too much. A figure is warned about where its 95 % interval is beyond the limit, so that a few pairs warn of nothing. A
/// judge that contradicts the standard more than chance would is always warned about.
/// </summary>
public sealed record JudgeLimits(
    [Setting("Pairs that the longer of two answers wins. 1: off.", Min = 0, Max = 1)] double LongerWins = 0.65,
    [Setting("Comparisons that come out otherwise when the two answers change places. 1: off.", Min = 0, Max = 1)] double FlipRate = 0.3,
    [Setting("Verdicts that the judge abstains on. 1: off.", Min = 0, Max = 1)] double Abstentions = 0.2,
    [Setting(
        "Least share of pairs on which the judge agrees with the prompts' own checks, where prompts have some. 0: off.",
        Min = 0,
        Max = 1)]
    double MinimumAgreement = 0)
{
    /// <summary>
    /// Those that mean something for the verifier: its verdicts depend on no order, and where the longer answer is right, it is right.
    /// </summary>
    public JudgeLimits ForVerifier() => this with { LongerWins = 1, FlipRate = 1, MinimumAgreement = 0 };

    /// <summary>A sentence for every limit that is passed.</summary>
    public IEnumerable<string> Warnings(JudgeFigures figures)
    {
        if (IsOver(figures.Length.LongerWins, LongerWins))
        {
            yield return $"the longer answer wins {Describe(figures.Length.LongerWins, "pairs")}{Standard(figures)}; judging.limits.longer-wins is {Percent(LongerWins)}";
        }
        if (IsOver(figures.Flips, FlipRate))
        {
            yield return $"the order of the answers decides {Describe(figures.Flips, "comparisons")}; judging.limits.flip-rate is {Percent(FlipRate)}";
        }
        if (IsOver(figures.Abstentions, Abstentions))
        {
            yield return $"it abstains on {Describe(figures.Abstentions, "verdicts")}; judging.limits.abstentions is {Percent(Abstentions)}";
        }
        if (figures.Agreement?.Contradictions is { } contradictions && IsOver(contradictions, 0.5))
        {
            yield return $"it contradicts the standard on {Describe(contradictions, "pairs that both tell apart")}, more than chance would: most likely better and worse are the wrong way round, in its template, its labels or the standard";
        }
        else if (figures.Agreement?.Accuracy is { } accuracy && accuracy.Interval().High < MinimumAgreement)
        {
            yield return $"it agrees with the standard on {Describe(accuracy, "pairs")}; judging.limits.minimum-agreement is {Percent(MinimumAgreement)}";
        }
    }

    private static bool IsOver(Share share, double limit) => share.Interval().Low > limit;

    private static string Standard(JudgeFigures figures) =>
        figures.StandardLength?.LongerWins.Value is { } right ? $", and should win {Percent(right)}" : "";

    private static string Describe(Share share, string of) =>
        string.Create(CultureInfo.InvariantCulture, $"{Percent(share.Value!.Value)} of {share.Of:#,0} {of}");

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share:0.#} %");
}

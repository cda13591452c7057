using System.Globalization;
using IterativeDpo.Judging.Quality;

namespace IterativeDpo.Host.Judges;

/// <summary>A judge's figures for a person, a line to each kind, and for a program.</summary>
internal static class QualityView
{
    public static IEnumerable<string> Lines(JudgeFigures figures)
    {
        yield return $"prompts        {figures.Prompts:N0}{(figures.Failures > 0 ? $", failed on {figures.Failures:N0}" : "")}; {figures.Samples:N0} samples";
        if (figures.Agreement is { } agreement)
        {
            var tells = agreement.Accuracy.Of;
            yield return $"agreement      {Describe(agreement.Accuracy, "pairs that the standard tells apart")}; contradicts {Percent(new(agreement.Contradict, tells))}, "
                + $"ties {Percent(new(agreement.TiedByJudge, tells))}, kappa {(agreement.Kappa is { } kappa ? Number(kappa) : "-")}";
        }
        yield return $"longer wins    {Describe(figures.Length.LongerWins, "pairs")}{(figures.StandardLength is { } right ? $"; right: {Percent(right.LongerWins)}" : "")}";
        if (figures.Length.LongerWins.Of > 0)
        {
            yield return $"  by ratio     {string.Join(", ", figures.Length.ByRatio.Where(bucket => bucket.LongerWins.Of > 0).Select(Bucket))}";
        }
        if (figures.Flips.Of > 0)
        {
            yield return $"order          flips {Describe(figures.Flips, "comparisons")}{(figures.Flips.Count > 0 ? $", {Percent(figures.FlipsToFirst)} of those to the one shown first" : "")}";
        }
        yield return $"ties           {Describe(figures.Ties, "pairs")}";
        yield return $"abstentions    {Describe(figures.Abstentions, "verdicts")}";
        if (figures.Usage is { } usage)
        {
            yield return $"cost           {usage.Calls:N0} calls, {usage.CachedCalls:N0} cached, {usage.InputTokens:N0} tokens in, {usage.OutputTokens:N0} out";
        }
        if (figures.Latency is { Count: > 0 } latency)
        {
            yield return $"latency        mean {Seconds(latency.MeanSeconds)}, p50 {Seconds(latency.Quantile(0.5))}, p95 {Seconds(latency.Quantile(0.95))} over {latency.Count:N0} prompts";
        }
    }

    /// <summary>By the names that <c>--json</c> prints.</summary>
    public static object Json(JudgeFigures figures) => new
    {
        figures.Prompts,
        figures.Failures,
        figures.Samples,
        Agreement = figures.Agreement is { } agreement
            ? new
            {
                PairwiseAccuracy = Json(agreement.Accuracy),
                agreement.Agree,
                agreement.Contradict,
                agreement.TiedByJudge,
                agreement.TiedByStandard,
                agreement.BothTied,
                agreement.Abstained,
                agreement.Kappa,
            }
            : null,
        LongerWins = Json(figures.Length.LongerWins),
        LongerWinsByRatio = figures.Length.ByRatio.Select(bucket => new { bucket.UpTo, LongerWins = Json(bucket.LongerWins) }),
        StandardLongerWins = figures.StandardLength is { } right ? Json(right.LongerWins) : null,
        FlipRate = Json(figures.Flips),
        FlipsToFirst = Json(figures.FlipsToFirst),
        Ties = Json(figures.Ties),
        Abstentions = Json(figures.Abstentions),
        figures.Usage,
        Latency = figures.Latency is { Count: > 0 } latency
            ? new
            {
                latency.Count,
                MeanSeconds = latency.MeanSeconds,
                P50Seconds = latency.Quantile(0.5),
                P95Seconds = latency.Quantile(0.95),
            }
            : null,
    };

    /// <summary>A share with its 95 % interval; null of nothing.</summary>
    public static object? Json(Share share) => share.Value is not { } value ? null : new
    {
        Share = value,
        share.Count,
        share.Of,
        Low = share.Interval().Low,
        High = share.Interval().High,
    };

    public static string Describe(Share share, string of) => share.Value is null
        ? "-"
        : string.Create(
            CultureInfo.InvariantCulture,
            $"{Percent(share)} (95 %: {100 * share.Interval().Low:F1} to {100 * share.Interval().High:F1}) of {share.Of:N0} {of}");

    public static string Percent(Share share) =>
        share.Value is { } value ? string.Create(CultureInfo.InvariantCulture, $"{100 * value:F1} %") : "-";

    private static string Bucket(LengthBucket bucket) =>
        $"{(bucket.UpTo is { } upTo ? $"to {upTo.ToString(CultureInfo.InvariantCulture)}x" : "more")} {Percent(bucket.LongerWins)}";

    private static string Number(double value) => value.ToString("F2", CultureInfo.InvariantCulture);

    private static string Seconds(double value) => value < 0.1 ? $"{1000 * value:F2} ms" : $"{value:F2} s";
}

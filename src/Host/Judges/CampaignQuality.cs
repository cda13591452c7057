using System.Collections.Immutable;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Generation;
using IterativeDpo.Judging;
using IterativeDpo.Judging.Quality;
using IterativeDpo.Judging.Verifier;

namespace IterativeDpo.Host.Judges;

/// <summary>How a judge did in a round.</summary>
/// <param name="Judge">The name that the configuration gives it.</param>
/// <param name="Graded">Whether it graded the held-out answers, and not the samples that pairs are made of.</param>
/// <param name="Warnings">A sentence for every limit that is passed.</param>
/// <param name="AsAtFirst">Of the first round's pairs that it told apart at first, those on which it prefers the same one now; of nothing
/// where it was not asked again.</param>
public sealed record JudgeRound(
    int Round,
    string Judge,
    bool Graded,
    JudgeFigures Figures,
    IReadOnlyList<string> Warnings,
    Share AsAtFirst = default);

/// <summary>
/// Measures a campaign's judges on what is stored of its rounds, a unit at a time. Where prompts have checks, these are the standard.
/// </summary>
internal sealed class CampaignQuality(CampaignOptions options, ArtifactStore store)
{
    /// <summary>
    /// The judge of the samples and, where it is another one, the judge of the held-out answers; nothing where none was judged yet.
    /// </summary>
    /// <exception cref="StorageException">An artifact is missing or corrupt.</exception>
    public IEnumerable<JudgeRound> Of(RoundState round)
    {
        if (round.Judgements.Count > 0 || round.DroppedUnits.Count > 0)
        {
            yield return Measure(
                round.Number,
                options.Judging.Judge,
                graded: false,
                round.Samples,
                round.Judgements,
                round.DroppedUnits
            ) with
            {
                AsAtFirst = round.Anchor?.WithFirst?.Accuracy ?? default,
            };
        }
        if (round.HeldOutGrades is { Count: > 0 } grades && options.Evaluation.Judge is { } grader && grader != options.Judging.Judge)
        {
            yield return Measure(round.Number, grader, graded: true, round.Evaluations, grades, []);
        }
    }

    private JudgeRound Measure(
        int round,
        string judge,
        bool graded,
        ImmutableSortedDictionary<int, SampleResult> samples,
        ImmutableSortedDictionary<int, JudgeResult> judgements,
        ImmutableSortedSet<int> dropped)
    {
        var isVerifier = options.Judging.Find(judge) is VerifierOptions;
        var checks = isVerifier ? null : new VerifierJudge(options.Judging.DefaultChecks);
        var quality = new JudgeQuality();
        foreach (var (unit, result) in judgements)
        {
            using var verdicts = store.OpenRead(result.Verdicts);
            foreach (var (prompt, judged) in VerdictFile.ReadAllWith(
                    store.Verified(samples[unit].Samples),
                    verdicts,
                    store.Verified(result.Verdicts)))
            {
                quality.Add(prompt, judged, checks?.StandardOf(prompt));
            }
            quality.Add(result.Latency ?? Latency.None);
        }
        foreach (var prompt in dropped.SelectMany(unit => SampleFile.Read(store.Verified(samples[unit].Samples))))
        {
            quality.Add(prompt, new PromptVerdict(prompt.Prompt.Id, null));
        }
        var figures = quality.Figures();
        var limits = options.Judging.Limits ?? new JudgeLimits();
        return new(round, judge, graded, figures, [.. (isVerifier ? limits.ForVerifier() : limits).Warnings(figures)]);
    }
}

using System.Collections.Immutable;
using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Cascades;

/// <summary>
/// Asks judges one after the other, each only on the prompts that the one before is unsure of: where it abstains on a sample, or tells no
/// two samples apart. A prompt's verdict is one judge's alone, so scores of different judges never meet. What one sample scores is sure.
/// </summary>
/// <param name="steps">In the order of <see cref="CascadeOptions.Steps"/>; they belong to the cascade from here on.</param>
public sealed class CascadeJudge(CascadeOptions options, IReadOnlyList<IJudge> steps) : IJudge
{
    public string Name => options.Name;

    public bool ScoresSingleSamples => steps.All(step => step.ScoresSingleSamples);

    public async Task CheckAsync(IEnumerable<Prompt> prompts, CancellationToken cancellationToken)
    {
        foreach (var step in steps)
        {
            await step.CheckAsync(prompts, cancellationToken).ConfigureAwait(false);
        }
    }

    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        foreach (var step in steps)
        {
            await step.LoadAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public void UsePolicy(string? adapterPath)
    {
        foreach (var step in steps)
        {
            step.UsePolicy(adapterPath);
        }
    }

    public void UseRound(int? round)
    {
        foreach (var step in steps)
        {
            step.UseRound(round);
        }
    }

    public void AskAnew(int time)
    {
        foreach (var step in steps)
        {
            step.AskAnew(time);
        }
    }

    public async Task<Verdict> JudgeAsync(PromptSamples samples, CancellationToken cancellationToken)
    {
        var usage = new JudgeUsage();
        for (var i = 0; ; i++)
        {
            var verdict = await steps[i].JudgeAsync(samples, cancellationToken).ConfigureAwait(false);
            usage += verdict.Usage ?? new();
            usage += new JudgeUsage(Asked: ImmutableSortedDictionary.Create<string, int>(StringComparer.Ordinal).Add(options.Steps[i], 1));
            if (i == steps.Count - 1
                || IsSure(samples, new VerdictTable(samples.Prompt.Id, verdict), options.SureMargin, options.SureProbability))
            {
                return verdict with
                {
                    Judgements =
                    [
                        .. verdict.Judgements.Select(judgement =>
                            judgement with
                            {
                                Explanation = $"{options.Steps[i]}: {judgement.Explanation}",
                            }),
                    ],
                    Comparisons = verdict
                        .Comparisons?.Select(comparison =>
                            comparison with
                            {
                                Explanation = $"{options.Steps[i]}: {comparison.Explanation}",
                            })
                        .ToArray(),
                    Usage = usage,
                };
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var step in steps)
        {
            await step.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Whether a verdict has a score for every sample and tells two of them apart, by the margin and with the probability at least.
    /// </summary>
    internal static bool IsSure(PromptSamples samples, VerdictTable table, double margin, double probability)
    {
        int[] indices = [.. samples.Samples.Select(sample => sample.Index)];
        return indices.All(index => table.ScoreOf(index) is not null)
            && (indices.Length == 1 || indices.Any(first => indices.Any(second => IsBetter(first, second))));

        bool IsBetter(int first, int second)
        {
            var by = table.ScoreOf(first)!.Value - table.ScoreOf(second)!.Value;
            return by > 0 && by >= margin && table.Compare(first, second) is (Preference.First, var told) && told >= probability;
        }
    }
}

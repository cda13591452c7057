using System.Globalization;
using IterativeDpo.Generation;
using IterativeDpo.Judging.Models;

namespace IterativeDpo.Judging.Llm;

/// <summary>
/// Compares samples two at a time, each two in both orders, by the probabilities of the labels that the model may answer with.
/// Where the orders disagree it is a tie. A sample's score is its mean win probability over its comparisons, a tie counting one half.
/// </summary>
/// <remarks>
/// Position bias: Zheng et al. 2023, arXiv 2306.05685. Under a constitution (Bai et al. 2022, arXiv 2212.08073) every principle is asked
/// in both orders; the weighted mean of what they lean to, order by order, decides.
/// </remarks>
internal sealed class SampleComparer(ComparingMode mode, IJudgeModel model, ulong seed)
{
    private static readonly Principle[] NoPrinciple = [new("", 1)];

    public async Task<Verdict> JudgeAsync(PromptSamples samples, CancellationToken cancellationToken)
    {
        IGrouping<string, Sample>[] texts = [.. samples.Samples.GroupBy(sample => sample.Text, StringComparer.Ordinal)];
        var schedule = ComparisonSchedule.Of(texts.Length, mode.MaxComparisons, SampleSeed.Derive(seed, 0, samples.Prompt.Id, 0));
        var compared = await LlmJudge.AskAllAsync(
            schedule,
            (pair, token) => CompareAsync(samples.Prompt, texts[pair.First].First(), texts[pair.Second].First(), token),
            cancellationToken)
        .ConfigureAwait(false);
        Comparison[] comparisons = [.. compared.Select(item => item.Comparison)];
        return new Verdict(
            [
                .. texts
                    .SelectMany(text => text.Select(sample => Score(sample.Index, text.First().Index, samples.Samples.Count, comparisons)))
                    .OrderBy(judgement => judgement.SampleIndex),
            ],
            [.. schedule.Zip(comparisons).SelectMany(item => OfCopies(item.Second, texts[item.First.First], texts[item.First.Second]))],
            compared.Aggregate(new JudgeUsage(), (sum, item) => sum + item.Usage));
    }

    /// <summary>
    /// The comparison of two texts for every two samples of them: what was said of one copy holds for all, and its calls are kept once.
    /// </summary>
    private static IEnumerable<Comparison> OfCopies(Comparison comparison, IEnumerable<Sample> firsts, IEnumerable<Sample> seconds) =>
        from first in firsts
        from second in seconds
        select (first.Index, second.Index) == (comparison.First, comparison.Second) ? comparison : comparison with
        {
            First = first.Index,
            Second = second.Index,
            Explanation = $"{comparison.Explanation}; the same texts as samples {comparison.First} and {comparison.Second}",
            Calls = null,
        };

    private async Task<(Comparison Comparison, JudgeUsage Usage)> CompareAsync(
        Prompt prompt,
        Sample first,
        Sample second,
        CancellationToken cancellationToken)
    {
        var principles = mode.Principles ?? NoPrinciple;
        (Principle Principle, bool Swapped)[] questions =
        [
            .. principles.SelectMany(principle => new[] { (principle, false), (principle, true) }),
        ];
        var answers = await LlmJudge.AskAllAsync(
            questions,
            (question, token) =>
                question.Swapped
                    ? AskAsync(prompt, question.Principle, second, first, token)
                    : AskAsync(prompt, question.Principle, first, second, token),
            cancellationToken).ConfigureAwait(false);
        // Two answers to a principle, forward and backward; null where the model would not say.
        BothOrders?[] leanings = [.. answers.Chunk(2).Select(pair =>
            Leaning.Of(pair[0].Answer.Probabilities, swapped: false, mode.MinLabelMass) is { } forward
            && Leaning.Of(pair[1].Answer.Probabilities, swapped: true, mode.MinLabelMass) is { } backward
                ? new BothOrders(forward, backward)
                : (BothOrders?)null),
];
        return (
            Combine(first.Index, second.Index, leanings, [.. answers.Select(answer => answer.Call)]),
            answers.Aggregate(new JudgeUsage(), (sum, answer) => sum + answer.Answer.Usage));
    }

    private async Task<(LabelAnswer Answer, JudgeCall Call)> AskAsync(
        Prompt prompt,
        Principle principle,
        Sample shownFirst,
        Sample shownSecond,
        CancellationToken cancellationToken)
    {
        var question = mode.Template.Resolve(new Dictionary<string, string>
        {
            ["prompt"] = LlmJudge.Show(prompt),
            ["answer_a"] = shownFirst.Text,
            ["answer_b"] = shownSecond.Text,
            ["principle"] = principle.Text,
        });
        var answer = await model.ChooseAsync(question, mode.Labels, cancellationToken).ConfigureAwait(false);
        var probabilities = mode.Labels.Zip(
            answer.Probabilities,
            (label, probability) => string.Create(CultureInfo.InvariantCulture, $"{label} {probability:G6}"));
        return (answer, new JudgeCall(PromptTemplate.Write(question), string.Join(", ", probabilities)));
    }

    private Comparison Combine(int first, int second, BothOrders?[] leanings, JudgeCall[] calls)
    {
        var principles = mode.Principles ?? NoPrinciple;
        var explanation = string.Join("; ", principles.Zip(leanings, Explain));
        (BothOrders Orders, double Weight)[] told = [.. leanings.Zip(principles)
            .Where(item => item.First is not null && item.Second.Weight > 0)
            .Select(item => (item.First!.Value, item.Second.Weight))];
        if (told.Length == 0)
        {
            return new Comparison(first, second, Preference.Abstained, 0.5, explanation, Calls: calls);
        }
        var whole = new BothOrders(
            Leaning.Mean([.. told.Select(item => (item.Orders.Forward, item.Weight))]),
            Leaning.Mean([.. told.Select(item => (item.Orders.Backward, item.Weight))]));
        return new Comparison(
            first, second, whole.Preference(mode.TieMargin), whole.Probability, explanation, whole.Forward.Win, whole.Backward.Win, calls);
    }

    private string Explain(Principle principle, BothOrders? leaning)
    {
        var name = principle.Text.Length == 0 ? "" : $"\"{principle.Text}\": ";
        return leaning is not { } orders
            ? $"{name}abstained, the labels are less likely than {mode.MinLabelMass.ToString(CultureInfo.InvariantCulture)} together"
            : string.Create(CultureInfo.InvariantCulture,
                $"{name}{orders.Preference(mode.TieMargin).ToString().ToLowerInvariant()}, the first wins with {orders.Forward.Win:F3} shown first and {orders.Backward.Win:F3} shown second");
    }

    /// <param name="representative">The sample of the same text that was compared.</param>
    private static Judgement Score(int sample, int representative, int samples, Comparison[] comparisons)
    {
        if (comparisons.Length == 0)
        {
            return samples > 1
                ? new Judgement(sample, 0.5, "all samples are the same text")
                : new Judgement(sample, null, "there is nothing to compare it with");
        }
        double[] wins = [.. comparisons
            .Where(comparison =>
                comparison.Preference != Preference.Abstained
                && (comparison.First == representative || comparison.Second == representative))
            .Select(comparison =>
                comparison.Preference == Preference.Tie ? 0.5
                : comparison.First == representative ? comparison.Probability
                : 1 - comparison.Probability),
    ];
        return wins.Length == 0
            ? new Judgement(sample, null, "the judge abstained on all its comparisons")
            : new Judgement(
                sample,
                wins.Average(),
                $"mean win probability of {wins.Length} {(wins.Length == 1 ? "comparison" : "comparisons")}{(sample == representative ? "" : $" of sample {representative}, the same text")}");
    }
}

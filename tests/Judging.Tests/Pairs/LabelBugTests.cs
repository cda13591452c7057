using IterativeDpo.Judging.Pairs;

namespace IterativeDpo.Judging.Tests.Pairs;

/// <summary>
/// Mistakes in choosing pairs that were seen in published pipelines; those from the pair to the loss are in Training's tests.
/// </summary>
public class LabelBugTests
{
    public static TheoryData<PairStrategy> Strategies => [.. Enum.GetValues<PairStrategy>()];

    /// <summary>An "unshuffle" that never fires: whatever answer comes first wins.</summary>
    [Theory]
    [MemberData(nameof(Strategies))]
    public void Select_better_answer_in_either_place_is_the_chosen_one(PairStrategy strategy)
    {
        Assert.Equal(0, Only(strategy, 1, 0).ChosenIndex);
        Assert.Equal(1, Only(strategy, 0, 1).ChosenIndex);
    }

    /// <summary>Selecting by one score and ordering by another: the pair's scores are those it was selected by.</summary>
    [Theory]
    [MemberData(nameof(Strategies))]
    public void Select_pair_is_ordered_by_the_score_that_selected_it(PairStrategy strategy)
    {
        // The longer text has the lower score: a penalty on length, put on or left off, would turn the pair round.
        var samples = Samples.OfPrompt("p", "a long answer", "short");
        var pair = PairSelector.Select(samples, new([new(0, 0.4, ""), new(1, 0.6, "")]), new(strategy), 1).Pairs.Single();

        Assert.Equal((1, 0, 0.6, 0.4), (pair.ChosenIndex, pair.RejectedIndex, pair.ChosenScore, pair.RejectedScore));
    }

    /// <summary>The best and the worst of equal scores are the same sample.</summary>
    [Theory]
    [MemberData(nameof(Strategies))]
    public void Select_equal_scores_never_pair_a_sample_with_itself(PairStrategy strategy) =>
        Assert.Empty(Select(strategy, 0.5, 0.5, 0.5).Pairs);

    /// <summary>A tie counted for the first.</summary>
    [Theory]
    [MemberData(nameof(Strategies))]
    public void Select_tie_is_counted_as_one_and_for_nobody(PairStrategy strategy)
    {
        var selection = Select(strategy, 1, 1);

        Assert.Empty(selection.Pairs);
        Assert.Equal(1, selection.Counts.Ties);
    }

    private static SelectedPair Only(PairStrategy strategy, params double[] scores) => Select(strategy, scores).Pairs.Single();

    private static PairSelection Select(PairStrategy strategy, params double[] scores) => PairSelector.Select(
        Samples.OfPrompt("p", [.. scores.Select((_, i) => $"answer {i}")]),
        new([.. scores.Select((score, i) => new Judgement(i, score, ""))]),
        new(strategy),
        1);
}

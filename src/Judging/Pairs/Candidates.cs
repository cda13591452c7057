using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Pairs;

/// <summary>A sample with its score and what the trainer keeps of it.</summary>
internal sealed class ScoredSample(Sample sample, double score, int room)
{
    public Sample Sample => sample;

    public double Score => score;

    /// <summary>Token ids up to the trainer's cut.</summary>
    public ReadOnlySpan<int> Tokens => sample.TokenIds.AsSpan(0, Length);

    public int Length => Math.Min(sample.TokenIds.Length, room);

    public TextSketch Sketch => field ??= TextSketch.Of(sample.Text);

    /// <summary>The same text, also after the trainer's cut.</summary>
    public bool EqualTo(ScoredSample other) => sample.Text == other.Sample.Text || Tokens.SequenceEqual(other.Tokens);
}

/// <summary>Two samples that may make a pair.</summary>
/// <param name="Probability">The judge's probability that the chosen one is better; 0.5 of a tie.</param>
internal sealed record Candidate(ScoredSample Chosen, ScoredSample Rejected, double Probability)
{
    public double Margin => Chosen.Score - Rejected.Score;

    public int LengthDifference => Chosen.Length - Rejected.Length;

    public bool IsTie => Probability == 0.5;

    /// <summary>The same two texts; of a tie, either way round.</summary>
    public bool EqualTo(Candidate other) =>
        (Chosen.EqualTo(other.Chosen) && Rejected.EqualTo(other.Rejected))
        || (IsTie && Chosen.EqualTo(other.Rejected) && Rejected.EqualTo(other.Chosen));
}

/// <summary>Finds which two samples of a prompt may make a pair, and counts why the others may not.</summary>
internal static class Candidates
{
    /// <returns>
    /// All scored samples by their index, the candidates and the ties that may be kept in that order, and the account of every two samples
    /// that are no candidates.
    /// </returns>
    /// <exception cref="ArgumentException">The verdict is not one: see <see cref="VerdictTable"/>.</exception>
    public static (ScoredSample[] Scored, List<Candidate> Candidates, List<Candidate> Ties, PairSelectionCounts Counts) Find(
        PromptSamples samples, Verdict verdict, PairSelectionOptions options)
    {
        var table = new VerdictTable(samples.Prompt.Id, verdict);
        var room = options.MaxLength == 0 ? int.MaxValue : Math.Max(0, options.MaxLength - samples.PromptIds.Length);
        ScoredSample[] scored = [.. samples.Samples
            .OrderBy(sample => sample.Index)
            .Where(sample => table.ScoreOf(sample.Index) is not null)
            .Select(sample => new ScoredSample(sample, table.ScoreOf(sample.Index)!.Value, room))];
        var (candidates, ties) = (new List<Candidate>(), new List<Candidate>());
        var against = new long[Enum.GetValues<Obstacle>().Length];
        for (var i = 0; i < scored.Length; i++)
        {
            for (var j = i + 1; j < scored.Length; j++)
            {
                var (better, worse) = scored[i].Score > scored[j].Score ? (scored[i], scored[j]) : (scored[j], scored[i]);
                var (preference, probability) = table.Compare(better.Sample.Index, worse.Sample.Index);
                var candidate = new Candidate(better, worse, probability);
                if (ObstacleOf(candidate, preference, options) is { } obstacle)
                {
                    against[(int)obstacle]++;
                    if (obstacle == Obstacle.Tie && options.TiesPerPrompt > 0 && ObstacleOfSamples(candidate, options) is null)
                    {
                        ties.Add(candidate with { Probability = 0.5 });
                    }
                }
                else
                {
                    candidates.Add(candidate);
                }
            }
        }
        return (scored, candidates, ties, CountsOf(against));
    }

    /// <summary>Why two samples make no pair; the cheapest to find out comes first.</summary>
    private static Obstacle? ObstacleOf(Candidate two, Preference preference, PairSelectionOptions options)
    {
        if (two.Chosen.EqualTo(two.Rejected))
        {
            return Obstacle.Duplicate;
        }
        if (preference == Preference.Abstained)
        {
            return Obstacle.Undecided;
        }
        if (preference == Preference.Tie || two.Margin == 0)
        {
            return Obstacle.Tie;
        }
        if (preference == Preference.Second || two.Probability <= 0.5)
        {
            return Obstacle.Contradicted;
        }
        if (two.Margin < options.MinMargin)
        {
            return Obstacle.WithinMargin;
        }
        return ObstacleOfSamples(two, options);
    }

    /// <summary>Whatever the verdict on them.</summary>
    private static Obstacle? ObstacleOfSamples(Candidate two, PairSelectionOptions options)
    {
        if (two.Chosen.Sample.Model == Sample.OfBase)
        {
            return Obstacle.Anchored;
        }
        if (options.MaxLengthRatio > 0
            && Math.Max(two.Chosen.Length, two.Rejected.Length) > options.MaxLengthRatio * Math.Min(two.Chosen.Length, two.Rejected.Length))
        {
            return Obstacle.LengthRatio;
        }
        return options.MaxSimilarity < 1 && two.Chosen.Sketch.SimilarityTo(two.Rejected.Sketch) > options.MaxSimilarity
            ? Obstacle.Similar
            : null;
    }

    private static PairSelectionCounts CountsOf(long[] against) => new(
        Prompts: 1,
        Ties: against[(int)Obstacle.Tie],
        Duplicates: against[(int)Obstacle.Duplicate],
        WithinMargin: against[(int)Obstacle.WithinMargin],
        Undecided: against[(int)Obstacle.Undecided],
        Contradicted: against[(int)Obstacle.Contradicted],
        LengthRatio: against[(int)Obstacle.LengthRatio],
        Similar: against[(int)Obstacle.Similar],
        Anchored: against[(int)Obstacle.Anchored]);

    /// <summary>Named as in <see cref="PairSelectionCounts"/>.</summary>
    private enum Obstacle
    {
        Duplicate,
        Undecided,
        Tie,
        Contradicted,
        WithinMargin,
        Anchored,
        LengthRatio,
        Similar,
    }
}

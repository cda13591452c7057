namespace IterativeDpo.Training;

/// <summary>Sums over the pairs of one optimiser step, and their means by TRL's names.</summary>
public sealed class StepMetrics
{
    /// <summary>What a pass over some pairs adds up, in the order of the array that <see cref="Add"/> takes.</summary>
    public enum Sum { Loss, ChosenReward, RejectedReward, Accuracy, ChosenLogProb, RejectedLogProb, Entropy, ChosenHits }

    private readonly double[] _sums = new double[Enum.GetValues<Sum>().Length];
    private long _pairs;
    private long _tokens;
    private long _chosenTokens;

    /// <param name="sums">One figure for each <see cref="Sum"/>.</param>
    public void Add(IReadOnlyList<float> sums, IReadOnlyCollection<PreferencePair> pairs)
    {
        for (var i = 0; i < _sums.Length; i++)
        {
            _sums[i] += sums[i];
        }
        _pairs += pairs.Count;
        _chosenTokens += pairs.Sum(pair => (long)pair.ChosenIds.Length);
        _tokens += pairs.Sum(pair => (long)pair.ChosenIds.Length + pair.RejectedIds.Length);
    }

    /// <param name="tokensSoFar">Tokens trained on up to this step, each pair's prompt counted for both its rows.</param>
    public IReadOnlyDictionary<string, double> ToDictionary(double learningRate, double gradientNorm, long tokensSoFar) =>
        new SortedDictionary<string, double>(StringComparer.Ordinal)
        {
            ["loss"] = _sums[(int)Sum.Loss],
            ["rewards/chosen"] = Mean(Sum.ChosenReward),
            ["rewards/rejected"] = Mean(Sum.RejectedReward),
            ["rewards/margins"] = Mean(Sum.ChosenReward) - Mean(Sum.RejectedReward),
            ["rewards/accuracies"] = Mean(Sum.Accuracy),
            ["logps/chosen"] = Mean(Sum.ChosenLogProb),
            ["logps/rejected"] = Mean(Sum.RejectedLogProb),
            ["nll_loss"] = -_sums[(int)Sum.ChosenLogProb] / Math.Max(1, _chosenTokens),
            ["entropy"] = _sums[(int)Sum.Entropy] / Math.Max(1, _tokens),
            // TRL takes the entropy over all completion tokens and the accuracy over the chosen ones.
            ["mean_token_accuracy"] = _sums[(int)Sum.ChosenHits] / Math.Max(1, _chosenTokens),
            ["learning_rate"] = learningRate,
            ["grad_norm"] = gradientNorm,
            ["num_tokens"] = tokensSoFar,
        };

    private double Mean(Sum sum) => _sums[(int)sum] / _pairs;
}

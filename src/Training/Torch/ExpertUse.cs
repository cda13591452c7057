namespace IterativeDpo.Training.Torch;

/// <summary>What a step's passes said of their experts, added up.</summary>
internal sealed class ExpertUse(float auxCoefficient)
{
    private readonly List<double[]> _choices = [];
    private double _auxLoss;

    /// <summary>The passes' auxiliary losses, each by its share of the step, times the coefficient: TRL takes them by pass too.</summary>
    public double Loss => auxCoefficient * _auxLoss;

    /// <param name="share">The pass's share of the step's examples.</param>
    public void Add(RouterLoad load, double auxLoss, double share)
    {
        _auxLoss += share * auxLoss;
        foreach (var (choices, layer) in load.Choices.Select((choices, layer) => (choices, layer)))
        {
            if (layer == _choices.Count)
            {
                _choices.Add(new double[choices.Length]);
            }
            for (var expert = 0; expert < choices.Length; expert++)
            {
                _choices[layer][expert] += choices[expert];
            }
        }
    }

    /// <summary>The auxiliary loss by TRL's name, where it is trained on, and the largest and smallest share of a block's choices that one
    /// of its experts had.</summary>
    public IEnumerable<KeyValuePair<string, double>> Metrics()
    {
        var shares = _choices.SelectMany(choices => choices.Select(count => count / Math.Max(1, choices.Sum()))).ToList();
        if (shares.Count == 0)
        {
            yield break;
        }
        if (auxCoefficient != 0)
        {
            yield return new("aux_loss", _auxLoss);
        }
        yield return new("experts/most_used", shares.Max());
        yield return new("experts/least_used", shares.Min());
    }
}

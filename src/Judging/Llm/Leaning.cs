namespace IterativeDpo.Judging.Llm;

/// <summary>Which of two samples a model leans to when they are shown in one order; the three add up to 1.</summary>
/// <param name="First">That the first sample is better, wherever it was shown.</param>
/// <param name="Tie">That neither is.</param>
internal readonly record struct Leaning(double First, double Second, double Tie)
{
    /// <summary>The probability that the first is better; a tie is half a win.</summary>
    public double Win => First + Tie / 2;

    /// <summary>The likeliest; a tie where two are equally likely.</summary>
    public Preference Preference =>
        First > Math.Max(Second, Tie) ? Preference.First : Second > Math.Max(First, Tie) ? Preference.Second : Preference.Tie;

    /// <summary>Of the probabilities of the labels; null where they are too small together to mean anything.</summary>
    /// <param name="swapped">Whether the second sample was shown first.</param>
    public static Leaning? Of(IReadOnlyList<double> labels, bool swapped, double minLabelMass)
    {
        var mass = labels.Sum();
        if (!(mass > 0) || mass < minLabelMass)
        {
            return null;
        }
        var (shownFirst, shownSecond) = (labels[0] / mass, labels[1] / mass);
        var tie = labels.Count > 2 ? labels[2] / mass : 0;
        return swapped ? new Leaning(shownSecond, shownFirst, tie) : new Leaning(shownFirst, shownSecond, tie);
    }

    public static Leaning Mean(IReadOnlyList<(Leaning Leaning, double Weight)> leanings)
    {
        var whole = leanings.Sum(item => item.Weight);
        return new(
            leanings.Sum(item => item.Weight * item.Leaning.First) / whole,
            leanings.Sum(item => item.Weight * item.Leaning.Second) / whole,
            leanings.Sum(item => item.Weight * item.Leaning.Tie) / whole);
    }
}

/// <summary>
/// A model's leaning in both orders: it counts only where the two agree, which takes position bias out (Zheng et al. 2023).
/// </summary>
internal readonly record struct BothOrders(Leaning Forward, Leaning Backward)
{
    public double Probability => (Forward.Win + Backward.Win) / 2;

    public Preference Preference(double tieMargin) =>
        Forward.Preference == Backward.Preference && Math.Abs(Probability - 0.5) > tieMargin ? Forward.Preference : Judging.Preference.Tie;
}

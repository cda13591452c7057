namespace IterativeDpo.Training.Torch.Losses;

/// <summary>
/// The β of a step by how far its pairs are apart (β-DPO, arXiv 2407.08639): β (1 + α (M − M0)), M the mean of the step's Δ and M0 that
/// mean's moving average, which begins at 0 and takes the step's own in first. Never less than a hundredth of β.
/// </summary>
/// <param name="Average">M0.</param>
public readonly record struct DynamicBeta(double Average)
{
    private const double Kept = 0.9, Least = 0.01;

    /// <summary>With another step's mean in the average.</summary>
    public DynamicBeta With(double mean) => new(Kept * Average + (1 - Kept) * mean);

    /// <param name="alpha">0 is off.</param>
    /// <param name="mean">M, which the average has in it.</param>
    public double Of(double beta, double alpha, double mean) => beta * Math.Max(Least, 1 + alpha * (mean - Average));
}

namespace IterativeDpo.Training.Torch.Losses;

/// <summary>The mean of all values so far.</summary>
public readonly record struct RunningMean(double Value, long Count)
{
    /// <summary>The mean with more values, of which their own mean is known.</summary>
    public RunningMean With(double mean, long count) => new(Value + (mean - Value) * count / (Count + count), Count + count);
}

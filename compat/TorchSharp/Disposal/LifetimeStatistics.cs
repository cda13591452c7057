namespace TorchSharp;

/// <summary>Counts of one kind of object on one thread.</summary>
public class LifetimeStatistics
{
    internal LifetimeStatistics() { }

    /// <summary>Created less disposed, in and outside scopes.</summary>
    public long ThreadTotalLiveCount { get; internal set; }
}

namespace TorchSharp;

/// <summary>What this thread created and disposed.</summary>
public class ThreadDisposeScopeStatistics
{
    internal ThreadDisposeScopeStatistics() { }

    public LifetimeStatistics TensorStatistics { get; } = new();
}

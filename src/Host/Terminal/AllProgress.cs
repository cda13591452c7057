namespace IterativeDpo.Host.Terminal;

/// <summary>Tells several of the same.</summary>
internal sealed class AllProgress<T>(params IProgress<T>[] all) : IProgress<T>
{
    public void Report(T value)
    {
        foreach (var one in all)
        {
            one.Report(value);
        }
    }
}

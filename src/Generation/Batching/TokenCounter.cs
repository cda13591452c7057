namespace IterativeDpo.Generation.Batching;

/// <summary>Counts sampled tokens: one thread counts, any thread may look.</summary>
public sealed class TokenCounter
{
    private long _value;

    public long Value => Volatile.Read(ref _value);

    public void Increment() => Volatile.Write(ref _value, _value + 1);
}

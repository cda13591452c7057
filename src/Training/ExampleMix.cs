using System.Collections;

namespace IterativeDpo.Training;

/// <summary>Some examples of earlier rounds, and then all of a round's own, each read when it is asked for.</summary>
/// <param name="drawn">Indexes of the earlier ones, in order.</param>
public sealed class ExampleMix(IReadOnlyList<ITrainingExample> earlier, int[] drawn, IReadOnlyList<ITrainingExample> own) : ISizedExamples
{
    private readonly Func<int, ExampleSize> _earlierSize = ExampleSizes.Of(earlier);
    private readonly Func<int, ExampleSize> _ownSize = ExampleSizes.Of(own);

    public int Count => drawn.Length + own.Count;

    /// <inheritdoc/>
    public int MaxLength { get; } =
        Math.Max((earlier as ISizedExamples)?.MaxLength ?? int.MaxValue, (own as ISizedExamples)?.MaxLength ?? int.MaxValue);

    public ITrainingExample this[int index] => index < drawn.Length ? earlier[drawn[index]] : own[index - drawn.Length];

    public ExampleSize SizeOf(int index)
    {
        // Group numbers of the two lists mean nothing to each other: even ones are earlier prompts, odd ones the round's own.
        var (size, parity) = index < drawn.Length ? (_earlierSize(drawn[index]), 0) : (_ownSize(index - drawn.Length), 1);
        return size with { Group = 2 * size.Group + parity };
    }

    public IEnumerator<ITrainingExample> GetEnumerator() => Enumerable.Range(0, Count).Select(i => this[i]).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

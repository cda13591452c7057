using System.Collections;

namespace IterativeDpo.Training;

/// <summary>Some of the examples of a list, which are read from it when they are asked for.</summary>
internal sealed class ExampleSubset(IReadOnlyList<ITrainingExample> examples, int[] indexes) : ISizedExamples
{
    private readonly Func<int, ExampleSize> _sizeOf = ExampleSizes.Of(examples);

    public int Count => indexes.Length;

    public int MaxLength => (examples as ISizedExamples)?.MaxLength ?? int.MaxValue;

    public ITrainingExample this[int index] => examples[indexes[index]];

    public ExampleSize SizeOf(int index) => _sizeOf(indexes[index]);

    public IEnumerator<ITrainingExample> GetEnumerator() => indexes.Select(i => examples[i]).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

using System.Collections;

namespace IterativeDpo.Training;

/// <summary>Labelled completions without their mismatches, for losses that do not look at them: nothing is computed for those.</summary>
internal sealed class WithoutMismatches(IReadOnlyList<ITrainingExample> examples) : ISizedExamples
{
    private readonly Func<int, ExampleSize> _sizeOf = ExampleSizes.Of(examples);

    public int Count => examples.Count;

    public int MaxLength => (examples as ISizedExamples)?.MaxLength ?? int.MaxValue;

    public ITrainingExample this[int index] => (LabelledCompletion)examples[index] with { MismatchedIds = [] };

    public ExampleSize SizeOf(int index) => _sizeOf(index) with { SecondTokens = 0 };

    public IEnumerator<ITrainingExample> GetEnumerator() => Enumerable.Range(0, Count).Select(i => this[i]).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

namespace IterativeDpo.Training.Torch;

/// <summary>Examples, and what the frozen reference says of them.</summary>
internal sealed record ExampleSet(IReadOnlyList<ITrainingExample> Examples, ReferenceLogProbs Reference)
{
    /// <summary>Some of them, in this order.</summary>
    public ExampleSet Pick(int[] indexes) => new(new ExampleSubset(Examples, indexes), Reference.Pick(indexes));
}

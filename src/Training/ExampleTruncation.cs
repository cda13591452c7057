namespace IterativeDpo.Training;

/// <summary>Examples that fit, in their order, and how many could not be used.</summary>
/// <param name="Dropped">Examples of which nothing to learn from was left: equal or empty completions.</param>
public sealed record TruncatedExamples(IReadOnlyList<ITrainingExample> Examples, int Dropped);

/// <summary>Fits examples into a length, each by <see cref="ITrainingExample.CutTo"/>.</summary>
public static class ExampleTruncation
{
    public static TruncatedExamples Apply(IReadOnlyList<ITrainingExample> examples, int maxLength)
    {
        if (examples is ISizedExamples sized && sized.MaxLength <= maxLength)
        {
            return new(examples, 0);
        }
        var kept = examples.Select(example => example.CutTo(maxLength)).OfType<ITrainingExample>().ToList();
        return new(kept, examples.Count - kept.Count);
    }
}

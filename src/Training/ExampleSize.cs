namespace IterativeDpo.Training;

/// <summary>What planning needs to know of an example.</summary>
/// <param name="Group">A number for its prompt: examples with the same one share the prompt.</param>
public readonly record struct ExampleSize(int Group, int PromptTokens, int FirstTokens, int SecondTokens)
{
    /// <summary>Tokens of both completions, which come behind the prompt in a batch.</summary>
    public long CompletionTokens => FirstTokens + (long)SecondTokens;
}

/// <summary>Examples whose sizes are known without reading their tokens.</summary>
public interface ISizedExamples : IReadOnlyList<ITrainingExample>
{
    /// <summary>The examples are cut to so many tokens already; <see cref="int.MaxValue"/> where they are not.</summary>
    int MaxLength { get; }

    ExampleSize SizeOf(int index);
}

internal static class ExampleSizes
{
    /// <summary>The size of any of the examples.</summary>
    public static Func<int, ExampleSize> Of(IReadOnlyList<ITrainingExample> examples)
    {
        if (examples is ISizedExamples sized)
        {
            return sized.SizeOf;
        }
        var groups = new Dictionary<string, int>();
        return index =>
        {
            var example = examples[index];
            if (!groups.TryGetValue(example.PromptId, out var group))
            {
                groups.Add(example.PromptId, group = groups.Count);
            }
            return new(group, example.PromptIds.Length, example.First.Length, example.Second.Length);
        };
    }
}

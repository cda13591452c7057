namespace IterativeDpo.Training;

/// <summary>
/// What one term of a loss is about: two completions of a prompt and a label. A <see cref="PreferencePair"/> has a chosen and a rejected
/// one; a <see cref="LabelledCompletion"/> has its completion and another prompt's.
/// </summary>
public interface ITrainingExample
{
    /// <summary>Groups the examples of one prompt: they share its tokens in a batch.</summary>
    string PromptId { get; }

    int[] PromptIds { get; }

    int[] First { get; }

    int[] Second { get; }

    /// <summary>The probability that the first completion is the better of the pair; or 1 desirable, 0 undesirable.</summary>
    double Label { get; }

    /// <summary>
    /// The example within so many tokens of prompt and completion: a completion's end is cut, never the prompt's start. Null where
    /// nothing is left to learn from.
    /// </summary>
    ITrainingExample? CutTo(int maxLength);

    /// <summary>A completion's ids cut to what the prompt leaves of the length.</summary>
    protected static int[] Cut(int[] promptIds, int[] completion, int maxLength)
    {
        var room = Math.Max(0, maxLength - promptIds.Length);
        return completion.Length <= room ? completion : completion[..room];
    }
}

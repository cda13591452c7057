using IterativeDpo.Artifacts;

namespace IterativeDpo.Generation;

/// <summary>A model that gives an answer one number: the higher, the better. It is loaded when it is first used.</summary>
public interface IRewardModel : IDisposable
{
    /// <summary>Makes sure that the model can be loaded, without loading it.</summary>
    /// <exception cref="UserInputException">Its file is missing, damaged, no model that can be run, or has no head.</exception>
    void Check();

    /// <summary>A prompt and an answer as the model's token ids, special tokens once. Any thread may call it.</summary>
    /// <exception cref="InvalidOperationException">They are longer than the context: says how long.</exception>
    /// <exception cref="ConversationException">The model's chat template cannot show them.</exception>
    /// <exception cref="UserInputException">As for <see cref="Check"/>.</exception>
    int[] Encode(Prompt prompt, string answer);

    /// <summary>The raw rewards of encoded sequences, in their order. One call at a time.</summary>
    IReadOnlyList<double> Score(IReadOnlyList<int[]> sequences);
}

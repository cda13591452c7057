using IterativeDpo.Artifacts;

namespace IterativeDpo.Generation;

/// <summary>A model that gives an answer one number: the higher, the better. One call at a time, but for <see cref="Check"/>.</summary>
public interface IRewardModel : IDisposable
{
    /// <summary>Makes sure that the model can be loaded, without loading it.</summary>
    /// <exception cref="UserInputException">Its file is missing, damaged, no model that can be run, or has no head.</exception>
    void Check();

    /// <summary>Loads the model, if it is not loaded yet; so does its first use.</summary>
    /// <exception cref="UserInputException">As for <see cref="Check"/>.</exception>
    void Load();

    /// <summary>
    /// A prompt and an answer as the model's token ids, special tokens once. What a model sampled never becomes a special token; an answer
    /// from data (without token ids) to a text does, where it spells one, as in training.
    /// </summary>
    /// <exception cref="InvalidOperationException">They are longer than the context: says how long.</exception>
    /// <exception cref="ConversationException">The model's chat template cannot show them.</exception>
    /// <exception cref="UserInputException">As for <see cref="Check"/>.</exception>
    int[] Encode(Prompt prompt, Sample answer);

    /// <summary>The raw rewards of encoded sequences.</summary>
    /// <param name="onScore">Gets a sequence's place and its reward, as soon as there is one.</param>
    /// <exception cref="OperationCanceledException">Between two calls of the model.</exception>
    void Score(IReadOnlyList<int[]> sequences, Action<int, double> onScore, CancellationToken cancellationToken);
}

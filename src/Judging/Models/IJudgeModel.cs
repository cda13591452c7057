using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Models;

/// <summary>A language model that a judge asks: in this process, or behind a service. Any number of calls at once.</summary>
public interface IJudgeModel : IAsyncDisposable
{
    /// <summary>
    /// Makes sure that the model takes such a question, and can choose among these labels (none: it is only asked for texts).
    /// </summary>
    /// <exception cref="Artifacts.UserInputException">It does not; says why and what to do.</exception>
    Task CheckAsync(IReadOnlyList<ChatMessage> question, IReadOnlyList<string> labels, CancellationToken cancellationToken);

    /// <summary>See <see cref="IJudge.LoadAsync"/>.</summary>
    Task LoadAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Says which policy is asked, where the model is the policy itself.</summary>
    void UsePolicy(string? adapterPath)
    {
    }

    /// <summary>See <see cref="IJudge.AskAnew"/>.</summary>
    void AskAnew(int time)
    {
    }

    /// <summary>How likely each label is as the model's answer, from its first token's log-probabilities and not from a text.</summary>
    /// <param name="labels">Texts that begin with different tokens, such as A and B.</param>
    /// <exception cref="JudgeModelException">The model did not answer. (An answer other than the labels is an answer: their probabilities
    /// are small or 0.)</exception>
    Task<LabelAnswer> ChooseAsync(IReadOnlyList<ChatMessage> messages, IReadOnlyList<string> labels, CancellationToken cancellationToken);

    /// <summary>A sampled answer.</summary>
    /// <param name="seed">Of the answer's random stream.</param>
    /// <exception cref="JudgeModelException">The model did not answer.</exception>
    Task<TextAnswer> AnswerAsync(
        IReadOnlyList<ChatMessage> messages, float temperature, int maxTokens, ulong seed, CancellationToken cancellationToken);
}

/// <param name="Probabilities">One for each label, 0 to 1; what is missing to a sum of 1 is the chance of any other answer.</param>
public sealed record LabelAnswer(IReadOnlyList<double> Probabilities, JudgeUsage Usage);

public sealed record TextAnswer(string Text, JudgeUsage Usage);

/// <summary>A model gave no usable answer; another try may.</summary>
public sealed class JudgeModelException(string message, Exception? innerException = null) : Exception(message, innerException);

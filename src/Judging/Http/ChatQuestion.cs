using IterativeDpo.Judging.Models;

namespace IterativeDpo.Judging.Http;

/// <summary>What is used of an answer.</summary>
internal enum WantedAnswer
{
    /// <summary>The log-probabilities of its first token.</summary>
    Logprobs,

    /// <summary>Its beginning; the rest may be cut.</summary>
    FirstWord,

    /// <summary>All of it.</summary>
    WholeText,
}

/// <param name="Name">The SHA-256 of the request.</param>
/// <param name="Request">The call's body: equal bytes are the same request.</param>
/// <param name="Wanted">What of the answer is used: that must be there.</param>
internal sealed record ChatQuestion(string Name, byte[] Request, WantedAnswer Wanted)
{
    /// <summary>Its stored answer. Versions before this one kept whatever came: what is none is asked for again.</summary>
    public ChatAnswer? Find(AnswerCache answers)
    {
        try
        {
            return answers.Find(Name) is { } stored && (Wanted == WantedAnswer.Logprobs || TextOf(stored) == stored.Text) ? stored : null;
        }
        catch (JudgeModelException)
        {
            return null;
        }
    }

    /// <summary>The answer as it is used.</summary>
    /// <exception cref="JudgeModelException">It is none.</exception>
    public ChatAnswer Use(ChatAnswer answer) => Wanted == WantedAnswer.Logprobs ? answer : answer with { Text = TextOf(answer) };

    private string TextOf(ChatAnswer answer) => AnswerText.Of(answer.Text, answer.IsCut && Wanted == WantedAnswer.WholeText);
}

namespace IterativeDpo.Training.Data;

/// <summary>Why a row of a data file is not used.</summary>
public enum RowProblem
{
    NotJson,
    MissingField,
    WrongType,
    MixedFormats,
    EmptyPrompt,
    EmptyCompletion,
    ChosenEqualsRejected,
    LabelNotBoolean,
    ProbabilityOutOfRange,

    /// <summary>Implicit prompts: the two have no beginning in common.</summary>
    NoCommonPrefix,

    /// <summary>A completion does not begin and end with an assistant's turn.</summary>
    NoAssistantTurn,
    UnknownRole,

    /// <summary>The chat template cannot show the conversation.</summary>
    Template,
    UnknownToken,

    /// <summary>Token ids that no text stands for.</summary>
    NotText,

    /// <summary>Token ids that are not those of the conversation they are said to be.</summary>
    NotTheConversation,

    /// <summary>The prompt leaves no token of the maximum length.</summary>
    PromptTooLong,

    /// <summary>Completions with labels, where pairs are needed.</summary>
    Unpaired,

    /// <summary>Texts, where the turns of a conversation are needed.</summary>
    NoTurns,

    /// <summary>Tools, images, arguments of the chat template and the like, which would be lost.</summary>
    Unsupported,

    /// <summary>A preference of probability 0.5, where one of the two must be the better.</summary>
    Undecided,

    /// <summary>
    /// The two completions have the same tokens within the maximum length. Such a pair is dropped and counted, never an error.
    /// </summary>
    EqualWithinLength,
}

/// <summary>A row that is not used.</summary>
/// <param name="Line">From 1.</param>
/// <param name="Detail">What is wrong with it, for people.</param>
public sealed record RejectedRow(string File, int Line, RowProblem Problem, string Detail);

/// <summary>A row cannot be used: what is wrong, without the file and the line.</summary>
internal sealed class RowException(RowProblem problem, string detail) : Exception(detail)
{
    public RowProblem Problem { get; } = problem;

    public static RowException Undecided() =>
        new(
            RowProblem.Undecided,
            "\"chosen_probability\" is 0.5: neither completion is the better one, and labels and most losses need to know which is; probabilistic-labels and sppo read the probability itself");
}

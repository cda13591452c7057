namespace IterativeDpo.Training.Data;

/// <summary>What a row of a data file is: our own pairs, or one of TRL's types in one of its formats.</summary>
public enum DataFormat
{
    /// <summary>Token ids: a line of a <see cref="PairFile"/>.</summary>
    Pair,

    /// <summary><c>{"prompt": "…", "chosen": "…", "rejected": "…"}</c>.</summary>
    Preference,

    /// <summary><c>{"chosen": "…", "rejected": "…"}</c>: the prompt is what both begin with.</summary>
    ImplicitPreference,

    /// <summary>The same as <see cref="Preference"/>, with lists of <c>{"role", "content"}</c> in place of texts.</summary>
    ChatPreference,

    /// <summary>Whole conversations: the prompt is the turns that both begin with.</summary>
    ImplicitChatPreference,

    /// <summary><c>{"prompt": "…", "completion": "…", "label": true}</c>.</summary>
    Unpaired,

    /// <summary>The same as <see cref="Unpaired"/>, with lists of turns in place of texts.</summary>
    ChatUnpaired,
}

/// <summary>What holds of a format.</summary>
public static class DataFormats
{
    public static bool IsUnpaired(this DataFormat format) => format is DataFormat.Unpaired or DataFormat.ChatUnpaired;

    /// <summary>For messages: what one row is.</summary>
    public static string Describe(this DataFormat format) => format switch
    {
        DataFormat.Pair => "a pair of token ids",
        DataFormat.Preference => "a preference of texts",
        DataFormat.ImplicitPreference => "a preference of texts with an implicit prompt",
        DataFormat.ChatPreference => "a preference of conversations",
        DataFormat.ImplicitChatPreference => "a preference of conversations with an implicit prompt",
        DataFormat.Unpaired => "an unpaired text",
        DataFormat.ChatUnpaired => "an unpaired conversation",
        _ => throw new ArgumentOutOfRangeException(nameof(format)),
    };
}

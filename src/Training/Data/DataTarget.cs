namespace IterativeDpo.Training.Data;

/// <summary>What a data file can be converted to.</summary>
public enum DataTarget
{
    /// <summary>Our own: token ids, with where they came from.</summary>
    Pairs,

    /// <summary>TRL's preference in standard format, with the prompt explicit.</summary>
    Trl,

    /// <summary>TRL's preference in conversational format, with the prompt explicit.</summary>
    TrlConversational,

    /// <summary>TRL's unpaired preference, in the format that the data has; token ids give standard format.</summary>
    TrlUnpaired,
}

/// <summary>What a conversion read and wrote.</summary>
public sealed record ConversionSummary(RowSummary Read, int RowsWritten);

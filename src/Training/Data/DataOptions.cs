namespace IterativeDpo.Training.Data;

/// <summary>How a data file becomes examples.</summary>
/// <param name="MaxLength">Most tokens of a prompt and a completion together; a completion's end is cut.</param>
/// <param name="Unpaired">Whether the loss is on single completions: then a preference gives two examples, and unpaired rows will
/// do.</param>
/// <param name="SkipBadRows">Whether rows that cannot be used are left out and counted; else the first one is an error.</param>
/// <param name="Threads">Threads that parse and tokenise.</param>
/// <param name="ReadsProbability">Whether the loss reads a pair's probability; else one of 0.5, of which no completion is the better,
/// cannot be used.</param>
public sealed record DataOptions(
    int MaxLength,
    bool Unpaired = false,
    bool SkipBadRows = false,
    int Threads = 1,
    bool ReadsProbability = true)
{
    /// <summary>Whether each label is taken for certain.</summary>
    internal bool HardLabels => Unpaired || !ReadsProbability;
}

/// <summary>How far the reading of a data file is.</summary>
/// <param name="Rows">Of this file and those before it.</param>
/// <param name="Bytes">Of this file; 0 of a pipe, as is <paramref name="TotalBytes"/>.</param>
public readonly record struct DataProgress(string File, int Rows, long Bytes, long TotalBytes);

using System.Globalization;

namespace IterativeDpo.Campaigns;

/// <summary>What kind of work a unit is, in the order of a round.</summary>
public enum Stage
{
    /// <summary>Completions of training prompts.</summary>
    Sample,

    /// <summary>Verdicts on one unit of samples.</summary>
    Judge,

    /// <summary>Preference pairs of the whole round.</summary>
    Pair,

    /// <summary>The round's adapter.</summary>
    Train,

    /// <summary>The adapter in use by every generator.</summary>
    Publish,

    /// <summary>Greedy completions of held-out prompts.</summary>
    Evaluate,

    /// <summary>Verdicts on one unit of held-out completions.</summary>
    Grade,

    /// <summary>Verdicts, once more, on samples of the first round.</summary>
    Anchor,
}

/// <summary>
/// Names a unit of work by what it is, so that it has the same name after a restart: a result is recognised
/// whoever did the work and whenever it arrives.
/// </summary>
/// <param name="Round">From 1; round 0 is the baseline evaluation.</param>
/// <param name="Index">Which unit of the stage, from 0.</param>
public readonly record struct WorkId(int Round, Stage Stage, int Index)
{
    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    /// <exception cref="FormatException">The text is not a work id.</exception>
    public static WorkId Parse(string text)
    {
        var parts = text.Split('/');
        return parts.Length == 3
            && int.TryParse(parts[0], CultureInfo.InvariantCulture, out var round)
            && Enum.TryParse<Stage>(parts[1], out var stage)
            && int.TryParse(parts[2], CultureInfo.InvariantCulture, out var index)
            ? new WorkId(round, stage, index)
            : throw new FormatException($"'{text}' is not a work id (round/stage/index).");
    }

    public override string ToString() => $"{Round}/{Stage}/{Index}";
}

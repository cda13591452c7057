using System.Globalization;

namespace IterativeDpo.Training;

/// <summary>Names a pair of a campaign: the same pair has the same name in every process, <c>2:p-0a1b:5:1</c>.</summary>
/// <param name="Chosen">Index of the chosen sample among its prompt's samples.</param>
public readonly record struct PairId(int Round, string PromptId, int Chosen, int Rejected)
{
    public static PairId Of(PreferencePair pair, PairProvenance source) =>
        new(source.Round, pair.PromptId, source.ChosenIndex, source.RejectedIndex);

    /// <summary>Reads what <see cref="ToString"/> wrote; null where it is not that. A prompt's id may have colons of its own.</summary>
    public static PairId? TryParse(string text)
    {
        var parts = text.Split(':');
        return
            parts.Length >= 4
            && TryNumber(parts[0], out var round)
            && TryNumber(parts[^2], out var chosen)
            && TryNumber(parts[^1], out var rejected)
            ? new(round, string.Join(':', parts[1..^2]), chosen, rejected)
            : null;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Round}:{PromptId}:{Chosen}:{Rejected}");

    private static bool TryNumber(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}

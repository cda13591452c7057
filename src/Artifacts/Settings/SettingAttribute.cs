namespace IterativeDpo.Artifacts.Settings;

/// <summary>
/// On a parameter of a record of options: how a configuration file writes it, and what it may be. On a record: a section of its kind. The
/// reader, its messages, <c>reference.conf</c> and <c>docs/settings.md</c> all go by this.
/// </summary>
/// <param name="text">What it is, with its unit and what is off; empty where that of the setting before counts for it too.</param>
[AttributeUsage(AttributeTargets.Parameter | AttributeTargets.Class)]
public sealed class SettingAttribute(string text = "") : Attribute
{
    public string Text => text;

    /// <summary>The key, where it is not the parameter's name.</summary>
    public string? Key { get; init; }

    /// <summary>As a file writes it; where there is none, the parameter's own. Where there is none either, it must be set.</summary>
    public string? Default { get; init; }

    /// <summary>What a file writes for null.</summary>
    public string? Off { get; init; }

    public double Min { get; init; } = double.NegativeInfinity;
    public double Max { get; init; } = double.PositiveInfinity;

    /// <summary>As <see cref="Min"/> and <see cref="Max"/>, which the number itself must not be.</summary>
    public double Above { get; init; } = double.NegativeInfinity;
    public double Below { get; init; } = double.PositiveInfinity;

    /// <summary>Why the bounds are what they are, where that is not plain.</summary>
    public string? Because { get; init; }

    /// <summary>A number of single precision, whatever holds it.</summary>
    public bool IsSingle { get; init; }

    /// <summary>A file, relative to the one that it is written in.</summary>
    public bool IsPath { get; init; }

    /// <summary>The directory that this other setting is relative to, instead of a key of its own.</summary>
    public string? DirectoryOf { get; init; }

    /// <summary>A single word is taken for a list of it.</summary>
    public bool OrOne { get; init; }

    /// <summary>No section of its own: its settings are among those beside it.</summary>
    public bool IsFlat { get; init; }

    /// <summary>A record, an <see cref="IWrittenSettings"/>, whose settings stand for it among those beside it.</summary>
    public Type? WrittenAs { get; init; }

    /// <summary>The section beside those with names of the user's own that has what they leave out.</summary>
    public string? DefaultsIn { get; init; }
}

/// <summary>Settings in the form that a file has them, of something that has another.</summary>
public interface IWrittenSettings
{
    object? Value { get; }
}

/// <summary>Options with rules beyond the ranges of single settings.</summary>
public interface ICheckedSettings
{
    /// <param name="isSet">Whether the section itself, and not its defaults, has a key.</param>
    IEnumerable<SettingViolation> Violations(Func<string, bool> isSet);
}

/// <summary>A setting that cannot be met.</summary>
/// <param name="Key">The setting as configuration names it, e.g. <c>label-smoothing</c>.</param>
/// <param name="Value">Its value, or empty where that says nothing or is nobody's business.</param>
/// <param name="Rule">What is right, and why.</param>
public sealed record SettingViolation(string Key, string Value, string Rule)
{
    /// <summary>It must be one of these.</summary>
    public static IEnumerable<SettingViolation> UnlessOneOf(string key, string value, IReadOnlyCollection<string> allowed) =>
        allowed.Contains(value)
        ? []
        :
        [
            new(
                key,
                value.Length == 0 ? "empty" : value,
                $"it must be one of {string.Join(", ", allowed)}{Words.DidYouMean(value, allowed)}"),
        ];

    /// <summary>Each must be one of these, none must be there twice, and one at least.</summary>
    public static IEnumerable<SettingViolation> UnlessSome(string key, IReadOnlyList<string> values, IReadOnlyCollection<string> allowed) =>
    [
        .. values.SelectMany(value => UnlessOneOf(key, value, allowed)),
        .. values.Count > 0 && values.Distinct().Count() == values.Count
            ? Array.Empty<SettingViolation>()
            : [new(key, $"[{string.Join(", ", values)}]", "it must name at least one, and none twice")],
    ];

    public override string ToString() => $"{Key}{(Value.Length == 0 ? "" : $" is {Value}")}: {Rule}";
}

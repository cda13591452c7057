using System.Globalization;
using Akka.Configuration;
using Akka.Configuration.Hocon;
using IterativeDpo.Artifacts;

namespace IterativeDpo.Actors.Configuration;

/// <summary>
/// Reads settings under one section and checks their ranges. Every message names the place, the key, the value and what is right.
/// </summary>
/// <param name="config">The resolved configuration, defaults included.</param>
/// <param name="origin">Where a full key was set.</param>
/// <param name="section">The section, e.g. <c>campaign.pairs</c>.</param>
/// <param name="keysRead">Collects the full key of every setting read.</param>
/// <param name="defaults">A section that has what this one leaves out.</param>
internal sealed class SettingsReader(
    Config config, Func<string, ConfigurationOrigin> origin, string section, ISet<string> keysRead, SettingsReader? defaults = null)
{
    public SettingsReader Section(string name) => new(config, origin, Full(name), keysRead);

    /// <summary>This section, with the values of another where it has none.</summary>
    public SettingsReader WithDefaults(SettingsReader values) => new(config, origin, section, keysRead, values);

    /// <summary>The keys of the values in this section and its defaults, those of sections in it as <c>section.key</c>.</summary>
    public IReadOnlyList<string> Keys() =>
    [
        .. config.GetValue(section) is { } value && value.IsObject() ? CampaignConfiguration.KeysOf(value.GetObject(), "") : [],
        .. defaults?.Keys() ?? [],
    ];

    /// <exception cref="UserInputException">This section has a key that is none of the known ones.</exception>
    public void RefuseUnknown(IReadOnlyCollection<string> known)
    {
        if (Keys().FirstOrDefault(key => !known.Contains(key)) is { } key)
        {
            throw Invalid(key, "", $"there is no such setting here{Words.DidYouMean(key, known)}; there are {string.Join(", ", known)}");
        }
    }

    /// <summary>Whether this section itself, and not its defaults, has the key.</summary>
    public bool Has(string key) => config.GetValue(Full(key)) is not null;

    public string Text(string key)
    {
        var value = Value(key);
        return value.IsString() ? value.GetString() ?? "" : throw Invalid(key, "", "it must be a single value");
    }

    public string RequiredText(string key) => Text(key) is { Length: > 0 } text ? text : throw Invalid(key, "", "it must be set");

    /// <summary>A file as a full path, or null for an empty text.</summary>
    public string? OptionalPath(string key) =>
        Text(key) is { Length: > 0 } path ? Path.GetFullPath(path, origin(Source(key)).Directory) : null;

    /// <summary>A file as a full path, or null for this word.</summary>
    public string? PathOr(string key, string word) => Text(key) == word ? null : RequiredPath(key);

    /// <summary>The directory that a setting's relative paths start from.</summary>
    public string DirectoryOf(string key) => origin(Source(key)).Directory;

    public string RequiredPath(string key) => OptionalPath(key) ?? throw Invalid(key, "", "it must be set to a file");

    public int Int(string key, int min, int max = int.MaxValue) => (int)Long(key, min, max);

    public long Long(string key, long min, long max)
    {
        var text = Text(key);
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max
            ? value
            : throw Invalid(key, text, max is int.MaxValue or long.MaxValue ? $"it must be a whole number, {min} or more" : $"it must be a whole number from {min} to {max}");
    }

    public float Float(string key, double min, double max = float.MaxValue) => (float)Double(key, min, max);

    public double Double(string key, double min, double max = float.MaxValue)
    {
        var text = Text(key);
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max
            ? value
            : throw Invalid(key, text, max >= float.MaxValue ? $"it must be a number, {min} or more" : $"it must be a number from {min} to {max}");
    }

    /// <summary>A number above 0.</summary>
    public float PositiveFloat(string key)
    {
        var text = Text(key);
        return float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value > 0 && float.IsFinite(value)
            ? value
            : throw Invalid(key, text, "it must be a number above 0");
    }

    /// <summary>Any finite number.</summary>
    public float Number(string key)
    {
        var text = Text(key);
        return float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && float.IsFinite(value)
            ? value
            : throw Invalid(key, text, "it must be a number");
    }

    /// <summary>Any finite number, or null for <c>off</c>.</summary>
    public float? NumberOrOff(string key) => Text(key) == "off" ? null : Number(key);

    /// <summary><c>on</c> or <c>off</c>.</summary>
    public bool Switch(string key) => Choice(key, ["on", "off"]) == "on";

    /// <summary>The names of the sections under one; none where it is not set.</summary>
    public IReadOnlyList<string> Sections(string key) => config.GetValue(Full(key)) is { } value && value.IsObject() ? [.. value.GetObject().Items.Keys] : [];

    /// <summary>A duration from a millisecond to a day.</summary>
    public TimeSpan Duration(string key)
    {
        var text = Text(key);
        if (text.Length > 0 && TryDuration(key) is { } value && value >= TimeSpan.FromMilliseconds(1) && value <= TimeSpan.FromDays(1))
        {
            return value;
        }
        throw Invalid(key, text, "it must be a duration from 1ms to 1d, such as 30s, 500ms or 2m");
    }

    public T Choice<T>(string key) where T : struct, Enum
    {
        var words = Enum.GetValues<T>().ToDictionary(Words.Kebab, value => value);
        return words[Choice(key, words.Keys)];
    }

    public string Choice(string key, IReadOnlyCollection<string> allowed)
    {
        var text = Text(key);
        return allowed.Contains(text) ? text : throw NotAllowed(key, text, allowed);
    }

    public IReadOnlyList<string> Texts(string key)
    {
        var value = Value(key);
        return value.IsString() || value.IsObject() ? throw Invalid(key, "", "it must be a list: [a, b]") : [.. value.GetStringList()];
    }

    /// <summary>A list of numbers from 0.</summary>
    public IReadOnlyList<float> Floats(string key) => [.. Texts(key).Select(text =>
        float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= 0 && float.IsFinite(value)
            ? value
            : throw Invalid(key, text, "each must be a number, 0 or more"))];

    /// <summary>A list, each of the allowed words at most once, and at least one.</summary>
    /// <param name="orOne">A single word is taken for a list of it.</param>
    /// <param name="orAlso">What else is taken.</param>
    public IReadOnlyList<string> Choices(string key, IReadOnlyCollection<string> allowed, bool orOne = false, Func<string, bool>? orAlso = null)
    {
        var texts = orOne && Value(key).IsString() ? [Text(key)] : Texts(key);
        if (texts.FirstOrDefault(text => !allowed.Contains(text) && orAlso?.Invoke(text) is not true) is { } unknown)
        {
            throw NotAllowed(key, unknown, allowed);
        }
        return texts.Count > 0 && texts.Distinct().Count() == texts.Count
            ? texts
            : throw Invalid(key, $"[{string.Join(", ", texts)}]", "it must name at least one, and none twice");
    }

    /// <summary>A message on a setting, with its place.</summary>
    public UserInputException Invalid(string key, string value, string rule)
    {
        // A default that is not right is one to be set here.
        var set = origin(Source(key)).IsDefault ? Full(key) : Source(key);
        return new($"{origin(set).Place}: {set}{(value.Length == 0 ? "" : $" is {value}")}: {rule}.");
    }

    private UserInputException NotAllowed(string key, string value, IReadOnlyCollection<string> allowed) =>
        Invalid(key, value.Length == 0 ? "empty" : value, $"it must be one of {string.Join(", ", allowed)}{Words.DidYouMean(value, allowed)}");

    private string Full(string key) => $"{section}.{key}";

    /// <summary>Where the value is: here, or in the defaults.</summary>
    private string Source(string key) => config.GetValue(Full(key)) is null && defaults is not null ? defaults.Source(key) : Full(key);

    /// <summary>Where the key's own default is, if it has one.</summary>
    private string Declared(string key) => defaults is not null && config.GetValue(defaults.Source(key)) is not null ? defaults.Declared(key) : Full(key);

    private TimeSpan? TryDuration(string key)
    {
        try
        {
            return config.GetTimeSpan(Source(key), null, allowInfinite: false);
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            return null;
        }
    }

    private HoconValue Value(string key)
    {
        keysRead.Add(Declared(key));
        return config.GetValue(Source(key))
            ?? throw Invalid(key, "", "it must be set");
    }
}

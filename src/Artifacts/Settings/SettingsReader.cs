using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace IterativeDpo.Artifacts.Settings;

/// <summary>
/// Reads records of options from a HOCON file as their <see cref="SettingAttribute"/>s say. Every message names the place, the key, the
/// value and what is right.
/// </summary>
public sealed partial class SettingsReader
{
    /// <summary>How options are stored: HOCON's names, and the same bytes for the same options.</summary>
    public static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.KebabCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
        NewLine = "\n",
    };

    /// <summary>Where every member has to be known, and there.</summary>
    public static readonly JsonSerializerOptions StrictJson = new(Json)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
    };

    private readonly string _path;
    private readonly HoconObject _root;
    private readonly IReadOnlyList<Setting> _settings;

    private SettingsReader(string path, HoconObject root, IReadOnlyList<Setting> settings) =>
        (_path, _root, _settings) = (path, root, settings);

    /// <param name="path">A file, or null for the defaults.</param>
    /// <param name="overrides">Settings of the command line, over those of the file.</param>
    /// <param name="settings">The sections that the file may have.</param>
    /// <exception cref="UserInputException">No such file, malformed HOCON, or a key that means nothing; names place, key and
    /// remedy.</exception>
    public static SettingsReader Load(string? path, IEnumerable<ConfigurationOverride> overrides, IReadOnlyList<Setting> settings)
    {
        var root = path is null ? new HoconObject(new("the defaults", "")) : HoconParser.ReadFile(path);
        foreach (var item in overrides)
        {
            var origin = new HoconOrigin(item.Option, Directory.GetCurrentDirectory());
            // A list is written as in a file; anything else is taken as it is.
            root.Add(
                item.Key.Split('.'),
                item.Value is ['[', .., ']'] ? HoconParser.ReadValue(item.Value, origin) : new HoconText(origin, item.Value));
        }
        var reader = new SettingsReader(path ?? "the defaults", root, settings);
        reader.RefuseUnknown(root, "", settings);
        return reader;
    }

    /// <summary>Whether the file or the command line has the key.</summary>
    public bool Has(string key) => _root.Find(key.Split('.')) is not null;

    /// <summary>The keys of a section, as they are written; none where there is none.</summary>
    public IReadOnlyList<string> KeysOf(string section) =>
        [.. ((_root.Find(section.Split('.')) as HoconObject)?.Members ?? []).Select(member => member.Key)];

    /// <summary>A section as it is, as JSON; empty where there is none.</summary>
    public string SectionAsJson(string key) => ((_root.Find(key) as HoconObject) ?? new(_root.Origin)).ToJson();

    /// <exception cref="UserInputException">A value is of the wrong type, out of range or missing, or breaks a rule of the
    /// options.</exception>
    public T Read<T>(string section) => Bind(typeof(T), At(section), "").Deserialize<T>(StrictJson)!;

    /// <summary>One setting of a record that has more.</summary>
    public T ReadOne<T>(Type record, string key, string section)
    {
        var setting = Setting.Of(record).First(setting => setting.Key == key);
        return BindValue(setting, At(section)).Deserialize<T>(StrictJson)!;
    }

    /// <exception cref="UserInputException">A rule is broken, by the section of this name.</exception>
    public void Refuse(IEnumerable<SettingViolation> violations, string section)
    {
        if (violations.FirstOrDefault() is { } violation)
        {
            throw At(section).Invalid(violation.Key, violation.Value, violation.Rule);
        }
    }

    private Scope At(string section) => new(this, section, _root.Find(section.Split('.')) as HoconObject, null);

    private void RefuseUnknown(HoconObject section, string prefix, IReadOnlyList<Setting> settings)
    {
        foreach (var (key, value) in section.Members)
        {
            var setting = settings.FirstOrDefault(setting => setting.Key == key || setting.Key == Setting.AnyName);
            if (setting is null)
            {
                throw Unknown(prefix + key, value, settings.Select(setting => prefix + setting.Key));
            }
            if (value is HoconText { Text: null } && setting.Members is not null)
            {
                // A section that was taken back.
                continue;
            }
            // What a section of a name of the user's own may have depends on its kind, where it has one.
            if (setting.Members is { Count: > 0 } members && value is HoconObject inner)
            {
                RefuseUnknown(inner, $"{prefix}{key}.", members);
            }
            else if (setting.Members is not null != value is HoconObject)
            {
                throw new UserInputException($"{value.Origin.Place}: {prefix}{key} is " + (setting.Members is null
                    ? $"a single setting and no section; write {prefix}{key} = …."
                    : $"a section and takes no value; write {prefix}{key} {{ … }}."));
            }
        }
    }

    /// <summary>Keys of the same last name, or one near to it, in whatever section, are most likely meant.</summary>
    private UserInputException Unknown(string key, HoconValue value, IEnumerable<string> near)
    {
        while (value is HoconObject section && section.Members.Any())
        {
            (key, value) = ($"{key}.{section.Members.First().Key}", section.Members.First().Value);
        }
        string[] known = [.. near, .. Leaves(_settings, "")];
        var name = Words.Nearest(Last(key), known.Select(Last));
        return new(
            $"{value.Origin.Place}: unknown key {key}{Words.DidYouMean(key, known.Where(other => Last(other) == name))}; reference.conf lists every key.");

        static string Last(string key) => key[(key.LastIndexOf('.') + 1)..];
    }

    private static IEnumerable<string> Leaves(IEnumerable<Setting> settings, string prefix) =>
        settings
            .Where(setting => setting.Key != Setting.AnyName)
        .SelectMany(setting => setting.Members is null ? [prefix + setting.Key] : Leaves(setting.Members, $"{prefix}{setting.Key}."));

    /// <summary>The section as JSON for its record.</summary>
    /// <param name="name">Where the user chose it, the section's own.</param>
    private JsonObject Bind(Type record, Scope scope, string name, JsonObject? kind = null)
    {
        var json = kind ?? [];
        var settings = Setting.Of(record).ToDictionary(setting => setting.Parameter!.Name!);
        foreach (var parameter in Setting.ParametersOf(record))
        {
            if (settings.TryGetValue(parameter.Name!, out var setting))
            {
                json[setting.JsonName] = BindValue(setting, scope);
            }
            else if (!parameter.HasDefaultValue)
            {
                // What follows from other settings is put in when all are there.
                json[Words.Kebab(parameter.Name!)] = parameter.Name == "Name" ? name
                    : JsonSerializer.SerializeToNode(
                        parameter.ParameterType.IsValueType ? Activator.CreateInstance(parameter.ParameterType) : null,
                        Json);
            }
        }
        if (typeof(ICheckedSettings).IsAssignableFrom(record)
            && ((ICheckedSettings)json.Deserialize(kind is null ? record : record.BaseType!, StrictJson)!)
                .Violations(key => scope.Section?.Find(key) is not null)
                .FirstOrDefault()
                is { } violation)
        {
            throw scope.Invalid(violation.Key, violation.Value, violation.Rule);
        }
        return json;
    }

    private JsonNode? BindValue(Setting setting, Scope scope)
    {
        if (setting.About.DirectoryOf is { } other)
        {
            return scope.Find(other)?.Origin.Directory ?? "";
        }
        if (setting.About.WrittenAs is { } written)
        {
            var value = ((IWrittenSettings)Bind(written, scope, "").Deserialize(written, StrictJson)!).Value;
            return JsonSerializer.SerializeToNode(value, setting.Type, Json);
        }
        return setting.About.IsFlat ? Bind(setting.Type, scope, "")
            : setting.IsNamed ? BindNamed(setting, scope)
            : Setting.Of(setting.Type).Any() ? Bind(setting.Type, scope.Within(setting.Key), "")
            : setting.Item is { } item ? BindList(setting, item, scope)
            : BindText(setting, setting.Type, TextOf(setting.Key, Node(setting, scope), scope), scope);
    }

    private JsonArray BindNamed(Setting setting, Scope scope)
    {
        var named = scope.Within(setting.Key);
        return [.. (named.Section?.Members ?? []).Select(member => BindKind(setting, member.Key, named.Within(member.Key), scope))];
    }

    private JsonObject BindKind(Setting setting, string name, Scope own, Scope beside)
    {
        if (setting.About.DefaultsIn is not { } defaults)
        {
            return Bind(setting.Item!, own, name);
        }
        if (!SectionName().IsMatch(name))
        {
            throw beside.Invalid($"{setting.Key}.{name}", "", "a name here is letters, digits, '-' and '_'");
        }
        var (types, key) = (Setting.TypesOf(setting.Item!), Setting.DiscriminatorOf(setting.Item!));
        var type = TextOf(key, own.Find(key) ?? throw own.Invalid(key, "", "it must be set"), own);
        RefuseFirst(SettingViolation.UnlessOneOf(key, type, [.. types.Keys]), own);
        var shared = Setting.Of(types[type]).FirstOrDefault(inner => inner.About.DefaultsIn is not null);
        Setting[] known = [.. Setting.In(types[type]), .. shared is null ? [] : Setting.In(shared.Flat!)];
        if (own.Section!.Members.FirstOrDefault(member => member.Key != key && known.All(setting => setting.Key != member.Key)) is
            { Key: not null } unknown)
        {
            throw Unknown($"{own.Name}.{unknown.Key}", unknown.Value, known.Select(setting => $"{own.Name}.{setting.Key}"));
        }
        var others = shared is null ? null : beside.Within(shared.About.DefaultsIn!);
        return Bind(
            types[type],
            own with
            {
                Defaults = beside.Within(defaults).Within(type) with { Defaults = others },
            },
            name,
            new() { [key] = type });
    }

    private static JsonArray BindList(Setting setting, Type item, Scope scope)
    {
        var items = Node(setting, scope) switch
        {
            HoconList list => list.Items,
            HoconText one when setting.About.OrOne => [one],
            _ => throw scope.Invalid(setting.Key, "", "it must be a list: [a, b]"),
        };
        return [.. items.Select(value => BindText(setting, item, TextOf(setting.Key, value, scope), scope))];
    }

    /// <summary>A single value of this type.</summary>
    private static JsonNode? BindText(Setting setting, Type type, string text, Scope scope)
    {
        var about = setting.About;
        if (about.Off is { } off && (text == off || (TryNumber(text, out var a) && TryNumber(off, out var b) && a == b)))
        {
            return null;
        }
        if (setting.Default is null && text.Length == 0)
        {
            throw scope.Invalid(setting.Key, "", about.IsPath ? "it must be set to a file" : "it must be set");
        }
        if (type == typeof(string))
        {
            return about.IsPath
                ? Path.GetFullPath(text, scope.Find(setting.Key)?.Origin.Directory ?? Directory.GetCurrentDirectory())
                : text;
        }
        JsonNode? value = type switch
        {
            { IsEnum: true } => Setting.WordsOf(type).TryGetValue(text, out var name)
                ? JsonSerializer.SerializeToNode(Enum.Parse(type, name), type, Json)
                : null,
            _ when type == typeof(bool) => text is "on" or "true" ? true : text is "off" or "false" ? false : null,
            _ when type == typeof(TimeSpan) => ToDuration(text) is { } duration ? JsonSerializer.SerializeToNode(duration, Json) : null,
            _ when type == typeof(float) || about.IsSingle => TryNumber(text, out var number) && setting.Allows(number)
                ? ToSingle(text, type)
                : null,
            _ when type == typeof(double) => TryNumber(text, out var number) && setting.Allows(number) ? number : null,
            _ => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)
                && setting.Allows(whole) && (type != typeof(int) || whole <= int.MaxValue) ? whole : null,
        };
        if (value is null && (type.IsEnum || type == typeof(bool)))
        {
            RefuseFirst(
                SettingViolation.UnlessOneOf(setting.Key, text, type.IsEnum ? [.. Setting.WordsOf(type).Keys] : ["on", "off"]),
                scope);
        }
        return value ?? throw scope.Invalid(setting.Key, text, $"{(setting.Item is null ? "it" : "each")} must be {setting.Range}");
    }

    private static HoconValue Node(Setting setting, Scope scope) => scope.Find(setting.Key)
        ?? (
            setting.Default is { } text
                ? HoconParser.ReadValue(text, new("the defaults", ""))
                : throw scope.Invalid(setting.Key, "", "it must be set"));

    /// <summary>Without white space at both ends; empty for null.</summary>
    private static string TextOf(string key, HoconValue value, Scope scope) => value switch
    {
        HoconText text => text.Text?.Trim() ?? "",
        HoconObject => throw scope.Invalid(key, "", "it is a single setting and no section"),
        _ => throw scope.Invalid(key, "", "it must be a single value"),
    };

    private static bool TryNumber(string text, out double value) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value);

    private static JsonNode ToSingle(string text, Type type)
    {
        var value = float.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
        return type == typeof(float) ? value : (double)value;
    }

    /// <summary>A number with one of HOCON's units, which says nothing without.</summary>
    private static TimeSpan? ToDuration(string text)
    {
        var parts = Duration().Match(text);
        var ticks = (parts.Groups["unit"].Value switch
        {
            "ns" or "nano" or "nanos" or "nanosecond" or "nanoseconds" => 0.01,
            "us" or "micro" or "micros" or "microsecond" or "microseconds" => TimeSpan.TicksPerMicrosecond,
            "ms" or "milli" or "millis" or "millisecond" or "milliseconds" => TimeSpan.TicksPerMillisecond,
            "s" or "second" or "seconds" => TimeSpan.TicksPerSecond,
            "m" or "minute" or "minutes" => TimeSpan.TicksPerMinute,
            "h" or "hour" or "hours" => TimeSpan.TicksPerHour,
            "d" or "day" or "days" => (double)TimeSpan.TicksPerDay,
            _ => 0,
        }) * (parts.Success ? double.Parse(parts.Groups["number"].Value, CultureInfo.InvariantCulture) : 0);
        return ticks is >= TimeSpan.TicksPerMillisecond and <= TimeSpan.TicksPerDay ? new TimeSpan((long)Math.Round(ticks)) : null;
    }

    private static void RefuseFirst(IEnumerable<SettingViolation> violations, Scope scope)
    {
        if (violations.FirstOrDefault() is { } violation)
        {
            throw scope.Invalid(violation.Key, violation.Value, violation.Rule);
        }
    }

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9_-]*$")]
    private static partial Regex SectionName();

    [GeneratedRegex(@"^(?<number>[0-9]+(\.[0-9]+)?)\s*(?<unit>[a-z]+)$")]
    private static partial Regex Duration();

    /// <summary>A section by its full name, with one that has what it leaves out.</summary>
    private sealed record Scope(SettingsReader Reader, string Name, HoconObject? Section, Scope? Defaults)
    {
        public Scope Within(string key) => new(Reader, $"{Name}.{key}", Section?.Find(key) as HoconObject, null);

        public HoconValue? Find(string key) => Section?.Find(key.Split('.')) ?? Defaults?.Find(key);

        /// <summary>A message on a setting, where it was set, or else where its section begins.</summary>
        public UserInputException Invalid(string key, string value, string rule)
        {
            var at = this;
            while (at?.Section?.Find(key.Split('.')) is null && at is not null)
            {
                at = at.Defaults;
            }
            var origin = at?.Section!.Find(key.Split('.'))!.Origin ?? Section?.Origin;
            return new($"{origin?.Place ?? Reader._path}: {new SettingViolation($"{(at ?? this).Name}.{key}", value, rule)}.");
        }
    }
}

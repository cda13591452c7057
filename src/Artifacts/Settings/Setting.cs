using System.Globalization;
using System.Reflection;
using System.Runtime.Serialization;
using System.Text.Json.Serialization;

namespace IterativeDpo.Artifacts.Settings;

/// <summary>A key of a section: a single setting, or a section in turn.</summary>
/// <param name="Text">What it is.</param>
/// <param name="Members">Of a section; those of one whose sections have names of the user's own are under <see cref="AnyName"/>.</param>
/// <param name="Parameter">What it sets; null for a section that is there for defaults only.</param>
public sealed record Setting(string Key, string Text, IReadOnlyList<Setting>? Members, ParameterInfo? Parameter)
{
    public const string AnyName = "NAME";

    internal SettingAttribute About => field ??= Parameter?.GetCustomAttribute<SettingAttribute>() ?? new();

    /// <summary>As it is named where it is stored.</summary>
    internal string JsonName => Words.Kebab(Parameter!.Name!);

    internal Type Type => Nullable.GetUnderlyingType(Parameter!.ParameterType) ?? Parameter.ParameterType;

    /// <summary>The type of its items, where it is a list.</summary>
    internal Type? Item =>
        Type.IsGenericType && Type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) ? Type.GenericTypeArguments[0] : null;

    public bool IsList => Item is not null;

    /// <summary>What stands for it in a file, among the settings beside it.</summary>
    internal Type? Flat => About.WrittenAs ?? (About.IsFlat ? Type : null);

    /// <summary>As a file writes it; null where it must be set.</summary>
    public string? Default => About.Default switch
    {
        "" => "\"\"",
        { } written => written,
        null => Parameter!.HasDefaultValue ? Written(Parameter.DefaultValue) : null,
    };

    private string Written(object? value) => value switch
    {
        null => About.Off is "" ? "\"\"" : About.Off ?? "[]",
        bool isOn => isOn ? "on" : "off",
        int or Enum when Type.IsEnum => WordsOf(Type).First(word => word.Value == Enum.GetName(Type, value)).Key,
        _ => string.Create(CultureInfo.InvariantCulture, $"{value}"),
    };

    /// <summary>What it may be, for a message or a table: <c>a whole number from 1 to 100</c>.</summary>
    public string Range => $"{Describe(Item ?? Type)}{(About.Because is { } reason ? $": {reason}" : "")}";

    /// <summary>Whether it is a number within bounds.</summary>
    public bool IsBounded => Bounds().Length > 0;

    /// <summary>
    /// What may be in a section of this record: its parameters, flat ones in their place, and the sections for their defaults.
    /// </summary>
    public static IEnumerable<Setting> In(Type record)
    {
        foreach (var setting in Of(record).Where(setting => setting.About.DirectoryOf is null))
        {
            if (setting.Flat is { } flat)
            {
                foreach (var member in setting.About.DefaultsIn is null ? In(flat) : [])
                {
                    yield return member;
                }
                continue;
            }
            yield return setting with
            {
                Members =
                    setting.IsNamed ? [new(AnyName, "", [.. In(setting.Item!)], null)]
                    : Of(setting.Type).Any() ? [.. In(setting.Type)]
                    : null,
            };
            if (setting.About.DefaultsIn is { } defaults)
            {
                var types = TypesOf(setting.Item!);
                foreach (var (name, type) in types
                        .Values.SelectMany(Of)
                        .Where(inner => inner.About.DefaultsIn is not null)
                        .Select(inner => (inner.About.DefaultsIn!, inner.Flat!))
                        .Distinct())
                {
                    yield return new(name, TextOf(type), [.. In(type)], null);
                }
                yield return new(
                    defaults,
                    TextOf(setting.Item!),
                    [.. types.Select(type => new Setting(type.Key, TextOf(type.Value), [.. In(type.Value)], null))],
                    null);
            }
        }
    }

    /// <summary>The settings among a record's parameters; none where it is no record of options.</summary>
    internal static IEnumerable<Setting> Of(Type record) => ParametersOf(record)
        .Where(parameter => parameter.IsDefined(typeof(SettingAttribute)))
        .Select(parameter => (Parameter: parameter, About: parameter.GetCustomAttribute<SettingAttribute>()!))
        .Select(item => new Setting(item.About.Key ?? Words.Kebab(item.Parameter.Name!), item.About.Text, null, item.Parameter));

    internal static IEnumerable<ParameterInfo> ParametersOf(Type record) =>
        record.GetConstructors().MaxBy(constructor => constructor.GetParameters().Length)?.GetParameters() ?? [];

    /// <summary>The kinds of a record, by the word that a file has for each; none where it has no kinds.</summary>
    internal static IReadOnlyDictionary<string, Type> TypesOf(Type record) =>
        record
            .GetCustomAttributes<JsonDerivedTypeAttribute>(inherit: false)
            .ToDictionary(kind => (string)kind.TypeDiscriminator!, kind => kind.DerivedType);

    /// <summary>The key that has that word.</summary>
    internal static string DiscriminatorOf(Type record) =>
        record.GetCustomAttribute<JsonPolymorphicAttribute>()!.TypeDiscriminatorPropertyName!;

    /// <summary>Whether it is a section of sections with names of the user's own.</summary>
    internal bool IsNamed => Item is { } item && (Of(item).Any() || TypesOf(item).Count > 0);

    /// <summary>Numbers of these options that are out of their ranges.</summary>
    public static IEnumerable<SettingViolation> OutOfRange(object options) => Of(options.GetType())
        .Select(setting => (setting, Value: options.GetType().GetProperty(setting.Parameter!.Name!)!.GetValue(options)))
        .Where(item =>
            item.Value is float or double or int && !item.setting.Allows(double.Parse($"{item.Value}", CultureInfo.InvariantCulture)))
        .Select(item => new SettingViolation(item.setting.Key, $"{item.Value}", $"it must be {item.setting.Range}"));

    /// <summary>The words that a file has for an enumeration's names.</summary>
    internal static IReadOnlyDictionary<string, string> WordsOf(Type enumeration) => Enum.GetNames(enumeration).ToDictionary(name =>
        enumeration.GetField(name)!.GetCustomAttribute<EnumMemberAttribute>()?.Value ?? Words.Kebab(name));

    internal bool Allows(double value) => double.IsFinite(value)
        && value >= About.Min && value <= About.Max && value > About.Above && value < About.Below
        && Math.Abs(value) <= float.MaxValue;

    private string Describe(Type type) => type switch
    {
        _ when type == typeof(TimeSpan) => "a duration from 1ms to 1d with its unit, such as 30s, 500ms or 2m",
        _ when type == typeof(bool) => "one of on, off",
        { IsEnum: true } => $"one of {string.Join(", ", WordsOf(type).Keys)}",
        _ when type == typeof(float) || type == typeof(double) => $"a number{Bounds()}",
        _ when type == typeof(int) || type == typeof(long) || type == typeof(ulong) => $"a whole number{Bounds()}",
        _ => About.IsPath ? "a file" : "a text",
    };

    private string Bounds() => (About.Min, About.Max, About.Above, About.Below) switch
    {
        (var min, double.PositiveInfinity, _, double.PositiveInfinity) when double.IsFinite(min) => $", {min} or more",
        (var min, _, _, var below) when double.IsFinite(min) && double.IsFinite(below) => $" from {min} to below {below}",
        (var min, var max, _, _) when double.IsFinite(min) => $" from {min} to {max}",
        (_, _, var above, _) when double.IsFinite(above) => $" above {above}",
        _ => "",
    };

    private static string TextOf(Type record) => record.GetCustomAttribute<SettingAttribute>(inherit: false)?.Text ?? "";
}

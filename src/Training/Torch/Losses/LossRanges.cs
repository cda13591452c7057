using IterativeDpo.Artifacts.Settings;

namespace IterativeDpo.Training.Torch.Losses;

/// <summary>Which settings of <see cref="LossOptions"/> differ from their default.</summary>
internal static class LossRanges
{
    public static readonly LossOptions Default = new("sigmoid");

    /// <summary>The settings that differ from their default.</summary>
    public static IEnumerable<LossSettings> Changed(LossOptions options) =>
        Enum.GetValues<LossSettings>()
            .Where(setting => setting != LossSettings.None && !Equals(ValueOf(setting, options), ValueOf(setting, Default)));

    /// <summary>A setting as configuration names it.</summary>
    public static string KeyOf(LossSettings setting) => Words.Kebab(setting);

    /// <summary>A setting's value as configuration writes it.</summary>
    public static string TextOf(LossSettings setting, LossOptions options) => ValueOf(setting, options) switch
    {
        true => "on",
        false => "off",
        Enum choice => Words.Kebab(choice),
        var number => FormattableString.Invariant($"{number}"),
    };

    private static object? ValueOf(LossSettings setting, LossOptions options) =>
        typeof(LossOptions).GetProperty($"{setting}")!.GetValue(options);
}

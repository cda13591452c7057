using System.Text.Json;

namespace IterativeDpo.Training.Torch.Losses;

/// <summary>The values that each setting of <see cref="LossOptions"/> may have, and which settings differ from their default.</summary>
internal static class LossRanges
{
    public static readonly LossOptions Default = new("sigmoid");

    private static readonly Dictionary<LossSettings, Func<LossOptions, object?>> Values = new()
    {
        [LossSettings.LabelSmoothing] = o => o.LabelSmoothing,
        [LossSettings.ProbabilisticLabels] = o => o.ProbabilisticLabels,
        [LossSettings.FDivergence] = o => o.FDivergence,
        [LossSettings.LdAlpha] = o => o.LdAlpha,
        [LossSettings.ReferenceFree] = o => o.ReferenceFree,
        [LossSettings.IpoOnSums] = o => o.IpoOnSums,
        [LossSettings.BcoRewardMean] = o => o.BcoRewardMean,
        [LossSettings.DiscopopTau] = o => o.DiscopopTau,
        [LossSettings.SimpoGamma] = o => o.SimpoGamma,
        [LossSettings.GammaBetaRatio] = o => o.GammaBetaRatio,
        [LossSettings.AlphapoAlpha] = o => o.AlphapoAlpha,
        [LossSettings.CpoAlpha] = o => o.CpoAlpha,
        [LossSettings.DesirableWeight] = o => o.DesirableWeight,
        [LossSettings.UndesirableWeight] = o => o.UndesirableWeight,
    };

    /// <summary>The settings that differ from their default.</summary>
    public static IEnumerable<LossSettings> Changed(LossOptions options) =>
        Values.Where(value => !Equals(value.Value(options), value.Value(Default))).Select(value => value.Key);

    /// <summary>A setting as configuration names it.</summary>
    public static string KeyOf(LossSettings setting) => Kebab(setting.ToString());

    /// <summary>A setting's value as configuration writes it.</summary>
    public static string TextOf(LossSettings setting, LossOptions options) => Values[setting](options) switch
    {
        true => "on",
        false => "off",
        Enum choice => Kebab(choice.ToString()),
        var number => FormattableString.Invariant($"{number}"),
    };

    public static IEnumerable<LossViolation> Violations(LossOptions options)
    {
        const string positive = "it must be a number above 0";
        const string notNegative = "it must be a number, 0 or more";
        (string Key, float Value, bool Holds, string Rule)[] rules =
        [
            ("beta", options.Beta, options.Beta > 0, positive),
            ("label-smoothing", options.LabelSmoothing, options.LabelSmoothing is >= 0 and < 0.5f, "it must be a number from 0 to below 0.5: at 0.5 a label says nothing, and robust divides by 1 − 2ε"),
            ("alpha-divergence-coefficient", options.AlphaDivergenceCoefficient, true, "it must be a number"),
            ("ld-alpha", options.LdAlpha, options.LdAlpha is >= 0 and <= 1, "it must be a number from 0 to 1"),
            ("discopop-tau", options.DiscopopTau, options.DiscopopTau > 0, positive),
            ("simpo-gamma", options.SimpoGamma, options.SimpoGamma >= 0, notNegative),
            ("gamma-beta-ratio", options.GammaBetaRatio ?? 0, options.GammaBetaRatio is null or >= 0, notNegative),
            ("alphapo-alpha", options.AlphapoAlpha, true, "it must be a number"),
            ("cpo-alpha", options.CpoAlpha, options.CpoAlpha >= 0, notNegative),
            ("desirable-weight", options.DesirableWeight, options.DesirableWeight >= 0, notNegative),
            ("undesirable-weight", options.UndesirableWeight, options.UndesirableWeight >= 0, notNegative),
        ];
        return rules.Where(rule => !rule.Holds || !float.IsFinite(rule.Value))
            .Select(rule => new LossViolation(rule.Key, FormattableString.Invariant($"{rule.Value}"), rule.Rule));
    }

    private static string Kebab(string name) => JsonNamingPolicy.KebabCaseLower.ConvertName(name);
}

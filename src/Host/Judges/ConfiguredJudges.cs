using System.Reflection;
using System.Text.Json.Serialization;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Judging;

namespace IterativeDpo.Host.Judges;

/// <summary>A judge of a campaign's configuration.</summary>
/// <param name="Type">As configuration names it.</param>
/// <param name="Use">What it does in the campaign, in words.</param>
internal sealed record ConfiguredJudge(string Name, string Type, string Use, JudgeOptions Options);

internal static class ConfiguredJudges
{
    /// <summary>Those that the configuration names, and the verifier, which is there without being named.</summary>
    public static IEnumerable<ConfiguredJudge> Of(CampaignOptions options) => (options.Judging.Judges ?? [])
        .Append(options.Judging.Find(JudgingOptions.Verifier))
        .DistinctBy(judge => judge.Name)
        .Select(judge => new ConfiguredJudge(judge.Name, TypeOf(judge), UseOf(judge.Name, options), judge));

    private static string TypeOf(JudgeOptions judge) => typeof(JudgeOptions).GetCustomAttributes<JsonDerivedTypeAttribute>()
        .First(type => type.DerivedType == judge.GetType()).TypeDiscriminator!.ToString()!;

    private static string UseOf(string judge, CampaignOptions options) =>
        (judge == options.Judging.Judge, judge == (options.Evaluation.Judge ?? options.Judging.Judge)) switch
        {
            (true, true) => "judges the samples and grades the held-out answers",
            (true, false) => "judges the samples",
            (false, true) => "grades the held-out answers",
            _ => "configured",
        };
}

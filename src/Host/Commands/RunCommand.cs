using System.CommandLine;
using System.Globalization;
using IterativeDpo.Artifacts.Settings;
using IterativeDpo.Campaigns.Configuration;

namespace IterativeDpo.Host.Commands;

/// <summary><c>dpo run</c> and <c>dpo quickstart</c>: a campaign on this machine, all roles in one process.</summary>
public static class RunCommand
{
    internal static Argument<FileInfo> File { get; } = new("FILE.conf") { Description = "The campaign's HOCON file; hocon/reference.conf lists every key." };
    private static readonly Option<DirectoryInfo> _state = CommonOptions.State();
    internal static Option<int?> Rounds { get; } = CommonOptions.Positive("--rounds", "Rounds to run; overrides the configuration.");
    internal static Option<int?> Seed { get; } = CommonOptions.Positive("--seed", "The campaign's seed; overrides the configuration.");
    private static readonly Option<int?> _threads = CommonOptions.Threads();
    private static readonly Option<bool> _json = CommonOptions.Json();

    public static Command CreateRun()
    {
        var command = new ExampleCommand(
            "run",
            "Run a campaign on this machine, or resume it: whatever was journalled is not done again.",
            "./dpo run hocon/campaigns/quickstart.conf",
            "./dpo run my.conf --state /data/my-campaign --rounds 8",
            "./dpo run my.conf --json > summary.json")
        {
            File, _state, Rounds, Seed, _threads, _json,
        };
        command.SetAction((parsed, token) => RunAsync(parsed.GetRequiredValue(File).FullName, parsed, token));
        return command;
    }

    public static Command CreateQuickstart()
    {
        var command = new ExampleCommand(
            "quickstart",
            "Run the bundled campaign: a small model learns from its own verified answers; ends with a report.",
            "./dpo quickstart",
            "./dpo quickstart --rounds 2 --json")
        {
            _state, Rounds, Seed, _threads, _json,
        };
        command.SetAction((parsed, token) => RunAsync(BundledFiles.QuickstartCampaign, parsed, token));
        return command;
    }

    private static Task<int> RunAsync(string file, ParseResult parsed, CancellationToken cancellationToken)
    {
        var configuration = CampaignConfiguration.Load(file, OverridesOf(parsed));
        var state = parsed.GetRequiredValue(_state).FullName;
        return new CampaignSession(configuration, state, parsed.GetValue(_json)).RunAsync(cancellationToken);
    }

    /// <summary>The settings that are given as options.</summary>
    internal static IReadOnlyList<ConfigurationOverride> OverridesOf(ParseResult parsed) =>
    [
        .. new[] { ("campaign.rounds", Rounds), ("campaign.seed", Seed), ("campaign.threads", _threads) }
            .Where(known => parsed.GetValue(known.Item2) is not null)
            .Select(known => new ConfigurationOverride(known.Item1, parsed.GetValue(known.Item2)!.Value.ToString(CultureInfo.InvariantCulture), known.Item2.Name)),
    ];
}

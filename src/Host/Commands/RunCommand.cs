using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using System.Text;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Settings;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Host.Compare;
using IterativeDpo.Host.Models;
using IterativeDpo.Host.Page;

namespace IterativeDpo.Host.Commands;

/// <summary><c>dpo run</c> and <c>dpo quickstart</c>: a campaign on this machine, all roles in one process.</summary>
public static class RunCommand
{
    internal static Argument<FileInfo> File { get; } =
        new("FILE.conf") { Description = "The campaign's HOCON file; hocon/reference.conf lists every key." };
    private static readonly Option<DirectoryInfo> _state = CommonOptions.State();
    internal static Option<int?> Rounds { get; } = CommonOptions.Positive("--rounds", "Rounds to run; overrides the configuration.");
    internal static Option<int?> Seed { get; } = CommonOptions.Positive("--seed", "The campaign's seed; overrides the configuration.");
    private static readonly Option<ulong[]> _seeds = Seeds();
    private static readonly Option<bool> _compare = new("--compare")
    {
        Description =
            "Also run the control that only imitates the verified answers, and say what DPO gives beyond it; takes twice as long.",
    };
    private static readonly Option<int?> _threads = CommonOptions.Threads();
    private static readonly Option<string?> _telemetry = new("--telemetry")
    {
        Description =
            "Metrics and traces to a collector (otlp; OTEL_EXPORTER_OTLP_ENDPOINT says where), metrics at /metrics of the page (prometheus).",
        HelpName = "otlp|prometheus",
    };
    private static readonly Option<bool> _skipModelCheck = CommonOptions.SkipModelCheck();
    private static readonly Option<DirectoryInfo?> _tensorBoard = CommonOptions.TensorBoard();
    private static readonly Option<bool> _json = CommonOptions.Json();

    public static Command CreateRun()
    {
        var command = new ExampleCommand(
            "run",
            "Run a campaign on this machine, or resume it: whatever was journalled is not done again.",
            "./dpo run hocon/campaigns/quickstart.conf",
            "./dpo run my.conf --state /data/my-campaign --rounds 8",
            "./dpo run my.conf --page off",
            "./dpo run my.conf --telemetry prometheus",
            "./dpo run my.conf --json > summary.json",
            "./dpo run with-arms.conf --state arms --seeds 1,2,3")
        {
            File,
            _state,
            Rounds,
            Seed,
            _seeds,
            _threads,
            PageCommand.Address,
            PageCommand.TokenFile,
            _tensorBoard,
            _telemetry,
            _skipModelCheck,
            _json,
        };
        command.SetAction((parsed, token) => CampaignConfiguration.ArmsIn(parsed.GetRequiredValue(File).FullName) is { Count: > 0 } arms
            ? RunArmsAsync(parsed.GetRequiredValue(File).FullName, arms, parsed, token)
            : RunAsync(parsed.GetRequiredValue(File).FullName, parsed, token));
        return command;
    }

    public static Command CreateQuickstart()
    {
        var command = new ExampleCommand(
            "quickstart",
            "Run the bundled campaign: a small model learns from its own verified answers; ends with a report.",
            "./dpo quickstart",
            "./dpo quickstart --rounds 2 --json",
            "./dpo quickstart --compare --state compared")
        {
            _state, Rounds, Seed, _threads, _compare, PageCommand.Address, PageCommand.TokenFile, _tensorBoard, _skipModelCheck, _json,
        };
        command.SetAction((parsed, token) => parsed.GetValue(_compare)
            ? RunArmsAsync(
                BundledFiles.QuickstartComparison,
                CampaignConfiguration.ArmsIn(BundledFiles.QuickstartComparison),
                parsed,
                token,
                BeyondImitation)
            : RunAsync(BundledFiles.QuickstartCampaign, parsed, token));
        return command;
    }

    /// <summary>What the run itself has measured, and no more.</summary>
    internal static string BeyondImitation(ArmComparison comparison)
    {
        var gain = comparison.Differences[0].HeldOut;
        var points = string.Create(
            CultureInfo.InvariantCulture,
            $"{100 * gain.Mean:+0.0;-0.0;0.0} points of held-out accuracy (95 %: {100 * gain.Low:+0.0;-0.0;0.0} to {100 * gain.High:+0.0;-0.0;0.0})");
        return $"beyond imitation of the verified answers, DPO gave {points}{(gain.IsSure ? "" : ": 0 is in the interval, so this run shows no difference")}";
    }

    private static async Task<int> RunAsync(string file, ParseResult parsed, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(_seeds) is { Length: > 0 })
        {
            throw new UserInputException(
                $"{file}: it has no campaign.arms, which --seeds is for; give one seed with --seed, and a directory for each with --state."
            );
        }
        var state = parsed.GetRequiredValue(_state).FullName;
        var (configuration, page) = (
            TemplateTime.OfState(await ModelFolders.LoadAsync(file, OverridesOf(parsed), cancellationToken), state),
            PageCommand.SettingsOf(parsed));
        return await new CampaignSession(configuration, state, parsed.GetValue(_json), page, ModelsOf(parsed, configuration))
        {
            Telemetry = TelemetryOf(parsed, page),
            TensorBoard = parsed.GetValue(_tensorBoard)?.FullName,
        }.RunAsync(cancellationToken);
    }

    /// <returns>The ways out.</returns>
    /// <exception cref="UserInputException">There is no such way, or no page to serve metrics.</exception>
    private static ImmutableArray<string> TelemetryOf(ParseResult parsed, PageSettings? page)
    {
        var ways = NodeCommand.Places(parsed.GetValue(_telemetry) ?? "");
        TelemetryExport.Check(ways);
        return page is null && ways.Contains(TelemetryExport.Prometheus)
            ? throw new UserInputException(
                "--telemetry prometheus: metrics are at /metrics of the page, and --page is off; give it an address, or use otlp.")
            : ways;
    }

    /// <summary>
    /// Every arm with every seed, one campaign after the other, each in a directory of its own; then the comparison. What is done is not
    /// done again. A seed has all its arms before the next one, so that there is something to compare early.
    /// </summary>
    /// <param name="ending">What is said at the end besides; null is nothing.</param>
    private static async Task<int> RunArmsAsync(
        string file,
        IReadOnlyList<string> arms,
        ParseResult parsed,
        CancellationToken cancellationToken,
        Func<ArmComparison, string>? ending = null)
    {
        var (directory, overrides) = (parsed.GetRequiredValue(_state).FullName, OverridesOf(parsed));
        ConfigurationOverride?[] seeds = parsed.GetValue(_seeds) is { Length: > 0 } given
            ? [.. given.Select(seed => new ConfigurationOverride("campaign.seed", $"{seed}", "--seeds"))]
            : [null];
        var runs = (from seed in seeds
                    from arm in arms
                    let state = Path.Combine(directory, seed is null ? arm : $"{arm}-{seed.Value}")
                    select (
                        Arm: arm,
                        State: state,
                        File: WriteArm(file, arm, state, [.. overrides, .. seed is null ? Array.Empty<ConfigurationOverride>() : [seed]]))
                ).ToArray();
        foreach (var (i, (_, state, arm)) in runs.Index())
        {
            var configuration = TemplateTime.OfState(await ModelFolders.LoadAsync(arm, [], cancellationToken), state);
            await Console.Error.WriteLineAsync($"dpo: campaign {i + 1} of {runs.Length}: {Path.GetFileName(state)}");
            var code = await new CampaignSession(
                configuration,
                state,
                json: false,
                PageCommand.SettingsOf(parsed),
                ModelsOf(parsed, configuration),
                isOne: true)
            {
                Telemetry = TelemetryOf(parsed, PageCommand.SettingsOf(parsed)),
                TensorBoard = parsed.GetValue(_tensorBoard) is { } folder ? Path.Combine(folder.FullName, Path.GetFileName(state)) : null,
            }.RunAsync(cancellationToken);
            if (code != ExitCodes.Done)
            {
                return code;
            }
        }
        string[] states = [.. arms.SelectMany(arm => runs.Where(run => run.Arm == arm)).Select(run => run.State)];
        var (comparison, json) = (ArmComparison.Of([.. states.Select(ArmRun.Read)]), parsed.GetValue(_json));
        CompareCommand.Show(comparison, Path.Combine(directory, "comparison.html"), json);
        if (ending is not null && !json)
        {
            Console.WriteLine(ending(comparison));
        }
        return ExitCodes.Done;
    }

    private static CheckedModels? ModelsOf(ParseResult parsed, CampaignConfiguration configuration) =>
        parsed.GetValue(_skipModelCheck) ? null : CheckedModels.Of(configuration.Options.Threads);

    /// <summary>The arm as a campaign of its own, which can be resumed, replayed, forked and submitted by itself.</summary>
    private static string WriteArm(string file, string arm, string state, IReadOnlyList<ConfigurationOverride> overrides)
    {
        var path = Path.Combine(state, "campaign.conf");
        Directory.CreateDirectory(state);
        AtomicFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(CampaignConfiguration.FileOfArm(file, arm, overrides))));
        return path;
    }

    /// <summary>The settings that are given as options.</summary>
    internal static IReadOnlyList<ConfigurationOverride> OverridesOf(ParseResult parsed) =>
    [
        .. new[] { ("campaign.rounds", Rounds), ("campaign.seed", Seed), ("campaign.threads", _threads) }
            .Where(known => parsed.GetValue(known.Item2) is not null)
            .Select(known => new ConfigurationOverride(
                known.Item1,
                parsed.GetValue(known.Item2)!.Value.ToString(CultureInfo.InvariantCulture),
                known.Item2.Name)),
    ];

    private static Option<ulong[]> Seeds() => new("--seeds")
    {
        Description = "Of a file with campaign.arms: every arm runs with each of these seeds.",
        HelpName = "N,N,...",
        CustomParser = result =>
        {
            string[] seeds = [.. result.Tokens.SelectMany(token => token.Value.Split(','))];
            if (seeds.FirstOrDefault(seed => !long.TryParse(seed, NumberStyles.None, CultureInfo.InvariantCulture, out _)) is { } wrong)
            {
                result.AddError($"--seeds takes whole numbers from 0 with commas between them, e.g. --seeds 1,2,3; '{wrong}' is none.");
                return [];
            }
            return [.. seeds.Select(seed => ulong.Parse(seed, CultureInfo.InvariantCulture)).Distinct()];
        },
    };
}

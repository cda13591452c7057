using System.CommandLine;
using IterativeDpo.Actors;
using IterativeDpo.Actors.Nodes;
using IterativeDpo.Actors.Replays;
using IterativeDpo.Artifacts;
using IterativeDpo.Host.Judges;
using IterativeDpo.Host.Terminal;

namespace IterativeDpo.Host.Commands;

/// <summary><c>dpo replay</c>: does recorded rounds again, and says what of it came out otherwise.</summary>
public static class ReplayCommand
{
    private static readonly Option<DirectoryInfo> _state = CommonOptions.State();
    private static readonly Option<int?> _round = Round("--round", "One round; 0 is the evaluation of the base.");
    private static readonly Option<int?> _from = Round("--from", "The first round; 0 if not given.");
    private static readonly Option<int?> _to = Round("--to", "The last round; the last that has ended if not given.");
    private static readonly Option<bool> _json = CommonOptions.Json();
    private static readonly Option<int?> _threads = CommonOptions.Positive(
        "--threads",
        "With --campaign: threads of the nodes that did the work, for the same bits; one for each processor if not given.");

    /// <summary>A campaign of a coordinator's state directory.</summary>
    internal static Option<string?> Campaign { get; } =
        new("--campaign")
        {
            Description = "A campaign of a cluster, where --state is a coordinator's state directory; the node may run meanwhile.",
            HelpName = "NAME",
        };

    public static Command Create()
    {
        var command = new ExampleCommand(
            "replay",
            "Do rounds again from what was recorded, and compare every artifact; exits with 0 only where all are the same.",
            "./dpo replay",
            "./dpo replay --state /data/my-campaign --round 3",
            "./dpo replay --from 1 --to 2 --json",
            "./dpo replay --state /data/coordinator --campaign my-campaign --threads 4")
        {
            _state, Campaign, _threads, _round, _from, _to, _json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(_threads) is not null && result.GetValue(Campaign) is null)
            {
                result.AddError("--threads goes with --campaign: a campaign on one machine is replayed with the threads that it ran with.");
            }
            if (result.GetValue(_round) is not null && (result.GetValue(_from) ?? result.GetValue(_to)) is not null)
            {
                result.AddError("--round is one round; give that, or --from and --to.");
            }
        });
        command.SetAction(async (parsed, token) => await ReplayAsync(
            await StatePathAsync(parsed, _state, token),
            parsed.GetValue(_round) ?? parsed.GetValue(_from),
            parsed.GetValue(_round) ?? parsed.GetValue(_to),
            parsed.GetValue(_json),
            token));
        return command;
    }

    private static async Task<int> ReplayAsync(string statePath, int? from, int? to, bool json, CancellationToken cancellationToken)
    {
        var state = StatusCommand.Read(statePath);
        var events = CampaignReader.ReadEvents(CampaignReader.DatabasePath(statePath));
        var first = from ?? (state.Origin is { Round: var shared } ? shared + 1 : 0);
        if (state.Origin is { } origin && first <= origin.Round)
        {
            throw new UserInputException(
                $"rounds 0 to {origin.Round} are those of campaign {origin.Campaign}, which had other settings: replay them there, with --state {origin.StatePath}"
                + $"{(Directory.Exists(origin.StatePath) ? "" : ", which is gone")}, and here those from {origin.Round + 1} on.");
        }
        var work = RecordedWork.Of(events, first, to ?? Math.Max(first, state.Rounds.FindLastIndex(round => round.Outcome is not null)));
        var display = ProgressDisplay.Create(TimeProvider.System);
        var options = CampaignReader.ReadSettings(statePath);
        var scratch = Directory.CreateTempSubdirectory("dpo-replay-");
        try
        {
            await using var judges = CampaignJudges.ForReplay(
                options,
                CampaignReader.WorkPath(statePath),
                Path.Combine(scratch.FullName, "judges"),
                TimeProvider.System);
            var engines = CampaignSession.Engines(options, judges, _ => { });
            await using var replay = CampaignReplay.Open(
                statePath,
                state.Plan!,
                options,
                engines,
                scratch.FullName,
                judge => CampaignJudges.AsksOutside(options.Judging, judge),
                TimeProvider.System);
            var done = new List<ReplayedWork>();
            await display.DuringAsync(async () =>
            {
                foreach (var unit in work)
                {
                    done.Add(await replay.ReplayAsync(unit, progress => display.Show(Of(unit, progress)), cancellationToken));
                }
                return done;
            });
            return Show(new ReplayView(state.Plan!.Campaign, engines.Machine!, done), json);
        }
        finally
        {
            scratch.Delete(recursive: true);
        }
    }

    /// <summary>The campaign's state directory, or that which is made of a coordinator's.</summary>
    internal static Task<string> StatePathAsync(ParseResult parsed, Option<DirectoryInfo> state, CancellationToken cancellationToken) =>
        parsed.GetRequiredValue(state).FullName is var path && parsed.GetValue(Campaign) is { } campaign
            ? NodeCampaign.ExtractAsync(path, campaign, parsed.GetValue(_threads) ?? 0, cancellationToken)
            : Task.FromResult(path);

    private static int Show(ReplayView view, bool json)
    {
        if (json)
        {
            CommonOptions.PrintJson(view.Json());
        }
        else
        {
            foreach (var line in view.Lines())
            {
                Console.WriteLine(PlainText.Of(line));
            }
        }
        return view.IsSame ? ExitCodes.Done : ExitCodes.Failed;
    }

    private static StageView Of(RecordedWork unit, Actors.Protocol.WorkProgress progress) =>
        new($"round {unit.Id.Round}: {unit.Id.Stage.ToString().ToLowerInvariant()} {unit.Id.Index + 1}", progress.Done, progress.Total, "");

    private static Option<int?> Round(string name, string description)
    {
        var option = new Option<int?>(name) { Description = description, HelpName = "N" };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && (!int.TryParse(token.Value, out var value) || value < 0))
            {
                result.AddError($"{name} takes a whole number from 0; '{token.Value}' is not one.");
            }
        });
        return option;
    }
}

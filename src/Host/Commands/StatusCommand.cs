using System.CommandLine;
using System.Text;
using IterativeDpo.Actors;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;
using IterativeDpo.Host.Nodes;
using IterativeDpo.Host.Report;
using IterativeDpo.Host.Terminal;
using IterativeDpo.Judging.People;

namespace IterativeDpo.Host.Commands;

/// <summary><c>dpo status</c> and <c>dpo report</c>: a campaign's state read from its journal, running or not.</summary>
public static class StatusCommand
{
    private static readonly Option<DirectoryInfo> _state = CommonOptions.State();
    private static readonly Option<bool> _json = CommonOptions.Json();
    private static readonly Option<bool> _watch = new("--watch")
    {
        Description = "Show it live, until it is done or Ctrl-C; where the output is no terminal, a line whenever that changes.",
    };
    private static readonly Argument<string?> _name = new("NAME")
    {
        Description = "A campaign of a cluster; see --join.",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private static readonly Option<FileInfo?> _output = new("--output")
    {
        Description = "The HTML file; report.html in the state directory if not given.",
        HelpName = "FILE",
    };

    public static Command CreateStatus()
    {
        var command = new ExampleCommand(
            "status",
            "Show how far a campaign is; also while another process runs it.",
            "./dpo status",
            "./dpo status --watch",
            "./dpo status --state /data/my-campaign --json",
            "./dpo status --campaign my-campaign --join 10.0.0.1:4053")
        {
            _state, _watch, ClusterCommands.Campaign, ClusterCommands.Join, NodeCommand.Certificate, _json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(_watch) && (result.GetValue(_json) || result.GetValue(ClusterCommands.Campaign) is not null))
            {
                result.AddError("--watch shows a state directory of this machine to a person; leave --json and --campaign out.");
            }
        });
        command.SetAction((parsed, token) => parsed.GetValue(_watch) ? StatusWatch.RunAsync(parsed.GetRequiredValue(_state).FullName, token)
            : parsed.GetValue(ClusterCommands.Campaign) is { } campaign
            ? ClusterCommands.WithClusterAsync(parsed, cluster => ShowAsync(cluster, campaign, parsed.GetValue(_json), token), token)
            : Task.FromResult(Show(parsed.GetRequiredValue(_state).FullName, parsed.GetValue(_json))));
        return command;
    }

    public static Command CreateReport()
    {
        var command = new ExampleCommand(
            "report",
            "Write the report of a campaign as one self-contained HTML file.",
            "./dpo report",
            "./dpo report --state /data/my-campaign --output report.html",
            "./dpo report my-campaign --join 10.0.0.1:4053 --output report.html")
        {
            _name, _state, ClusterCommands.Join, NodeCommand.Certificate, _output, _json,
        };
        command.SetAction((parsed, token) => parsed.GetValue(_name) is { } campaign
            ? ClusterCommands.WithClusterAsync(
                parsed,
                cluster => WriteAsync(cluster, campaign, parsed.GetValue(_output)?.FullName, parsed.GetValue(_json), token),
                token)
            : Task.FromResult(Write(parsed.GetRequiredValue(_state).FullName, parsed.GetValue(_output)?.FullName)));
        return command;
    }

    private static async Task ShowAsync(ClusterConnection cluster, string campaign, bool json, CancellationToken cancellationToken)
    {
        var place = $"/campaigns/{Uri.EscapeDataString(campaign)}";
        if (json)
        {
            Console.WriteLine(await cluster.GetTextAsync(place, cancellationToken));
            return;
        }
        var view = await cluster.GetAsync<CampaignOverview>(place, cancellationToken);
        string[] lines =
        [
            $"campaign {view.Campaign}: {view.Status}",
            .. view.RoundLines,
            .. view.Stage is { } stage ? [$"{stage.Title} {stage.Done}/{stage.Total}"] : Array.Empty<string>(),
            .. view.Waiting.Select(role => $"waiting: no node plays {role}"),
            .. view.PauseReason is { } reason ? [$"paused: {reason}"] : Array.Empty<string>(),
        ];
        Console.WriteLine(string.Join('\n', lines.Select(PlainText.Of)));
    }

    private static async Task WriteAsync(
        ClusterConnection cluster,
        string campaign,
        string? output,
        bool json,
        CancellationToken cancellationToken)
    {
        var place = $"/campaigns/{Uri.EscapeDataString(campaign)}";
        if (json)
        {
            Console.WriteLine(await cluster.GetTextAsync($"{place}/summary", cancellationToken));
            return;
        }
        output ??= Path.GetFullPath("report.html");
        var html = Encoding.UTF8.GetBytes(await cluster.GetTextAsync($"{place}/report", cancellationToken));
        AtomicFile.Write(output, stream => stream.Write(html));
        Console.WriteLine($"report: {output}");
    }

    private static int Show(string statePath, bool json)
    {
        var state = Read(statePath);
        var people = new PeopleQueue(CampaignReader.PeoplePath(statePath), TimeProvider.System).Count();
        if (json)
        {
            CommonOptions.PrintJson(new
            {
                campaign = state.Plan!.Campaign,
                state = statePath,
                status = state.Status.ToString().ToLowerInvariant(),
                pause_reason = state.PauseReason,
                stop_reason = Watch.ReasonToStop(state),
                people,
                rounds_done = state.Rounds.Count(round => round is { Number: > 0, Outcome: not null }),
                rounds = state.Plan.Rounds,
                origin = state.Origin,
                gates = state
                    .Rounds.Where(round => round.Gate is not null)
                    .Select(round => new { round = round.Number, gate = GateSummary.Of(round.Gate) }),
                warnings = state.Rounds.SelectMany(round =>
                    Watch.Of(state, round).Select(warning => new { round = round.Number, warning })),
                heldout_accuracy = state.Rounds.Where(round => round.Outcome is not null).Select(round => round.HeldOut.Accuracy()),
                kl = state.Rounds.Where(round => round.Outcome is not null).Select(round => KlSummary.Of(round.Divergence)),
            });
            return ExitCodes.Done;
        }
        Console.WriteLine($"campaign {state.Plan!.Campaign}: {state.Status.ToString().ToLowerInvariant()}");
        if (state.Origin is { } origin)
        {
            Console.WriteLine(PlainText.Of($"rounds 0 to {origin.Round} are those of campaign {origin.Campaign} in {origin.StatePath}"));
        }
        foreach (var round in state.Rounds.Where(round => round.Outcome is not null))
        {
            Console.WriteLine(RoundLine.Of(state, round.Number));
        }
        if (StageView.Of(new CampaignProgress(state, null)) is { } view)
        {
            Console.WriteLine($"{view.Title} {view.Done}/{view.Total}");
        }
        if (people.Waiting is { } waiting)
        {
            Console.WriteLine(waiting);
        }
        if (state.PauseReason is not null)
        {
            Console.WriteLine(PlainText.Of($"paused: {state.PauseReason}"));
        }
        return ExitCodes.Done;
    }

    private static int Write(string statePath, string? output)
    {
        var state = ReadWhole(statePath);
        if (state.Rounds is not [{ Outcome: not null }, ..])
        {
            throw new UserInputException(
                $"{statePath}: the base is not evaluated yet, so there is nothing to report; run the campaign further.");
        }
        output ??= Path.Combine(statePath, "report.html");
        CampaignReport.Write(state, statePath, output);
        Console.WriteLine($"report: {output}");
        return ExitCodes.Done;
    }

    /// <exception cref="UserInputException">No campaign has begun there.</exception>
    internal static CampaignState Read(string statePath) => CampaignReader.Read(statePath) ?? throw NoneIn(statePath);

    /// <summary>With the results of all units of all rounds.</summary>
    /// <inheritdoc cref="Read"/>
    internal static CampaignState ReadWhole(string statePath) => CampaignReader.ReadWhole(statePath) ?? throw NoneIn(statePath);

    private static UserInputException NoneIn(string statePath) =>
        new UserInputException(
            $"{statePath}: no campaign has begun here; start one with ./dpo run FILE.conf --state {statePath}, or name another directory with --state.");
}

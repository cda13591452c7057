using System.CommandLine;
using IterativeDpo.Actors;
using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns;
using IterativeDpo.Host.Report;
using IterativeDpo.Host.Terminal;

namespace IterativeDpo.Host.Commands;

/// <summary><c>dpo status</c> and <c>dpo report</c>: a campaign's state read from its journal, running or not.</summary>
public static class StatusCommand
{
    private static readonly Option<DirectoryInfo> _state = CommonOptions.State();
    private static readonly Option<bool> _json = CommonOptions.Json();
    private static readonly Option<FileInfo?> _output = new("--output") { Description = "The HTML file; report.html in the state directory if not given.", HelpName = "FILE" };

    public static Command CreateStatus()
    {
        var command = new ExampleCommand(
            "status",
            "Show how far a campaign is; also while another process runs it.",
            "./dpo status",
            "./dpo status --state /data/my-campaign --json")
        {
            _state, _json,
        };
        command.SetAction(parsed => Show(parsed.GetRequiredValue(_state).FullName, parsed.GetValue(_json)));
        return command;
    }

    public static Command CreateReport()
    {
        var command = new ExampleCommand(
            "report",
            "Write the report of a campaign as one self-contained HTML file.",
            "./dpo report",
            "./dpo report --state /data/my-campaign --output report.html")
        {
            _state, _output,
        };
        command.SetAction(parsed => Write(parsed.GetRequiredValue(_state).FullName, parsed.GetValue(_output)?.FullName));
        return command;
    }

    private static int Show(string statePath, bool json)
    {
        var state = Read(statePath);
        if (json)
        {
            CommonOptions.PrintJson(new
            {
                campaign = state.Plan!.Campaign,
                state = statePath,
                status = state.Status.ToString().ToLowerInvariant(),
                pause_reason = state.PauseReason,
                rounds_done = state.Rounds.Count(round => round is { Number: > 0, Outcome: not null }),
                rounds = state.Plan.Rounds,
                heldout_accuracy = state.Rounds.Where(round => round.Outcome is not null).Select(round => round.HeldOut.Accuracy()),
            });
            return ExitCodes.Done;
        }
        Console.WriteLine($"campaign {state.Plan!.Campaign}: {state.Status.ToString().ToLowerInvariant()}");
        foreach (var round in state.Rounds.Where(round => round.Outcome is not null))
        {
            Console.WriteLine(RoundLine.Of(state, round.Number));
        }
        if (StageView.Of(new CampaignProgress(state, null)) is { } view)
        {
            Console.WriteLine($"{view.Title} {view.Done}/{view.Total}");
        }
        if (state.PauseReason is not null)
        {
            Console.WriteLine(PlainText.Of($"paused: {state.PauseReason}"));
        }
        return ExitCodes.Done;
    }

    private static int Write(string statePath, string? output)
    {
        var state = Read(statePath);
        if (state.Rounds is not [{ Outcome: not null }, ..])
        {
            throw new UserInputException($"{statePath}: the base is not evaluated yet, so there is nothing to report; run the campaign further.");
        }
        output ??= Path.Combine(statePath, "report.html");
        CampaignReport.Write(state, statePath, output);
        Console.WriteLine($"report: {output}");
        return ExitCodes.Done;
    }

    /// <exception cref="UserInputException">No campaign has begun there.</exception>
    internal static CampaignState Read(string statePath) =>
        CampaignReader.Read(statePath)
        ?? throw new UserInputException($"{statePath}: no campaign has begun here; start one with ./dpo run FILE.conf --state {statePath}, or name another directory with --state.");
}

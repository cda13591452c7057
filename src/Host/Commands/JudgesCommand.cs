using System.CommandLine;
using IterativeDpo.Actors;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Host.Judges;
using IterativeDpo.Host.Nodes;
using IterativeDpo.Host.Terminal;
using IterativeDpo.Judging.Http;
using IterativeDpo.Judging.People;

namespace IterativeDpo.Host.Commands;

/// <summary><c>dpo judges</c>: a campaign's judges and how good they were, round by round.</summary>
public static class JudgesCommand
{
    private static readonly Option<DirectoryInfo> _state = CommonOptions.State();
    private static readonly Option<string?> _forget = new("--forget")
    {
        Description = "Forget a service's stored answers, so that its judge asks everything again; what it spent stays spent.",
        HelpName = "NAME",
    };
    private static readonly Option<bool> _json = CommonOptions.Json();

    public static Command Create()
    {
        var command = new ExampleCommand(
            "judges",
            "Show a campaign's judges and, by round, their agreement with the prompts' checks, biases, cost and latency; also while it runs.",
            "./dpo judges",
            "./dpo judges --state /data/my-campaign --json",
            "./dpo judges --forget gpt",
            "./dpo judges --forget gpt --campaign my-campaign --join 10.0.0.1:4053")
        {
            _state, _forget, ClusterCommands.Campaign, ClusterCommands.Join, NodeCommand.Certificate, _json,
        };
        command.SetAction(async (parsed, token) => (parsed.GetValue(_forget), parsed.GetValue(ClusterCommands.Campaign)) switch
        {
            ({ } judge, { } campaign) => await ClusterCommands.WithClusterAsync(
                parsed,
                cluster => ForgetAsync(cluster, campaign, judge, token),
                token),
            ({ } judge, null) => await ForgetAsync(parsed.GetRequiredValue(_state).FullName, judge),
            (null, { } campaign) => throw new UserInputException(
                $"--campaign {campaign}: of a campaign of a cluster, judges only forgets (--forget NAME); dpo report shows them."),
            _ => Show(parsed.GetRequiredValue(_state).FullName, parsed.GetValue(_json)),
        });
        return command;
    }

    /// <summary>Judges may be at work on it: they learn it with the next answer that they keep.</summary>
    private static async Task ForgetAsync(ClusterConnection cluster, string campaign, string judge, CancellationToken cancellationToken)
    {
        await cluster.GetTextAsync($"/campaigns/{Uri.EscapeDataString(campaign)}", cancellationToken);
        var ledger = await cluster.LedgerAsync(campaign, judge, cancellationToken);
        if (await ledger.ReadAsync(0, cancellationToken) is [])
        {
            throw new UserInputException($"--forget {judge}: no service was asked for a judge of this name in campaign '{campaign}'.");
        }
        Say(judge, await HttpJudgeOptions.ForgetAnswersAsync(() => ledger, TimeProvider.System, cancellationToken));
    }

    private static async Task<int> ForgetAsync(string statePath, string name)
    {
        StatusCommand.Read(statePath);
        using var held = DirectoryLock.Take(statePath, "--state");
        HttpJudgeOptions[] services = [.. (CampaignReader.ReadSettings(statePath).Judging.Judges ?? []).OfType<HttpJudgeOptions>()];
        var judge = services.FirstOrDefault(service => service.Name == name) ?? throw new UserInputException(
            $"--forget {name}: no judge of this campaign that asks a service has this name{(services.Length == 0 ? "; none asks one" : $"; there is {string.Join(", ", services.Select(service => service.Name))}")}.");
        var forgotten = await judge.ForgetAnswersAsync(CampaignReader.WorkPath(statePath), TimeProvider.System);
        Say(name, forgotten);
        return ExitCodes.Done;
    }

    private static void Say(string judge, int forgotten) =>
        Console.WriteLine($"forgot {forgotten:N0} answers of {judge}; its questions are asked again, and what it spent stays spent");

    private static int Show(string statePath, bool json)
    {
        var state = StatusCommand.ReadWhole(statePath);
        var options = CampaignReader.ReadSettings(statePath);
        var quality = new CampaignQuality(options, StateDirectory.ArtifactsOf(statePath));
        JudgeRound[] rounds = [.. state.Rounds.SelectMany(quality.Of)];
        var people = PeopleFigures.Of(new PeopleQueue(CampaignReader.PeoplePath(statePath), TimeProvider.System).Tasks());
        var judges = ConfiguredJudges.Of(options).Select(judge => new { judge.Name, judge.Type, judge.Use });
        if (json)
        {
            CommonOptions.PrintJson(new
            {
                campaign = state.Plan!.Campaign,
                judges,
                rounds = rounds.Select(round => new
                {
                    round.Round,
                    round.Judge,
                    of = round.Graded ? "held_out_answers" : "samples",
                    quality = QualityView.Json(round.Figures),
                    as_at_first = QualityView.Json(round.AsAtFirst),
                    round.Warnings,
                }),
                people = PeopleView.Json(people),
            });
            return ExitCodes.Done;
        }
        foreach (var judge in judges)
        {
            Console.WriteLine($"{judge.Name} ({judge.Type}): {judge.Use}");
        }
        foreach (var round in rounds)
        {
            Console.WriteLine($"\nround {round.Round}, {round.Judge} on {(round.Graded ? "held-out answers" : "samples")}");
            foreach (var line in QualityView.Lines(round.Figures))
            {
                Console.WriteLine($"  {line}");
            }
            if (round.AsAtFirst.Of > 0)
            {
                Console.WriteLine($"  as at first    {QualityView.Describe(round.AsAtFirst, "pairs of the first round")}");
            }
            foreach (var warning in round.Warnings)
            {
                Console.WriteLine($"  warning: {warning}");
            }
        }
        foreach (var line in PeopleView.Lines(people))
        {
            Console.WriteLine(PlainText.Of(line));
        }
        return ExitCodes.Done;
    }
}

using System.CommandLine;
using System.Text.Json;
using IterativeDpo.Actors;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Host.Judges;
using IterativeDpo.Host.Models;
using IterativeDpo.Host.Nodes;
using IterativeDpo.Host.Terminal;

namespace IterativeDpo.Host.Commands;

/// <summary><c>dpo submit</c>: a campaign for a cluster.</summary>
public static class SubmitCommand
{
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(1);

    private static readonly Option<bool> _wait = new("--wait") { Description = "Show how it goes, as run does, and end with it." };
    private static readonly Option<bool> _uploadModels = new("--upload-models")
    {
        Description = "Give the cluster the models too; nodes started with --fetch-models bring them from there.",
    };
    private static readonly Option<bool> _json = CommonOptions.Json();

    public static Command Create()
    {
        var command = new ExampleCommand(
            "submit",
            "Have a cluster run a campaign, or go on with it: whatever was journalled is not done again.",
            "./dpo submit my.conf --join 10.0.0.1:4053",
            "./dpo submit my.conf --join 10.0.0.1:4053 --rounds 8 --wait --json > summary.json")
        {
            RunCommand.File, ClusterCommands.Join, NodeCommand.Certificate, RunCommand.Rounds, RunCommand.Seed, _wait, _uploadModels, _json,
        };
        command.SetAction((parsed, token) => SubmitAsync(parsed, token));
        return command;
    }

    private static async Task<int> SubmitAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var configuration = await ModelFolders.LoadAsync(
            parsed.GetRequiredValue(RunCommand.File).FullName,
            RunCommand.OverridesOf(parsed),
            cancellationToken);
        var name = configuration.Options.Name;
        await CheckAsync(TemplateTime.Now(configuration), cancellationToken);
        var bundle = CampaignBundling.Bundle(configuration);
        var code = ExitCodes.Done;
        var ended = await ClusterCommands.WithClusterAsync(
            parsed,
            async cluster =>
            {
                var timed = await TemplateTime.OfClusterAsync(configuration, cluster, cancellationToken);
                bundle = timed == configuration ? bundle : CampaignBundling.Bundle(timed);
                await OfferAsync(cluster, bundle, parsed.GetValue(_uploadModels), cancellationToken);
                if (!parsed.GetValue(_wait))
                {
                    var status = (await SubmitAsync(cluster, bundle, cancellationToken)).GetProperty("status").GetString();
                    if (parsed.GetValue(_json))
                    {
                        CommonOptions.PrintJson(new { campaign = name, status });
                        return;
                    }
                    Console.WriteLine(
                        PlainText.Of(
                            $"campaign {name}: {status}; ./dpo status --campaign {name} --join {parsed.GetValue(ClusterCommands.Join)} shows how it goes"));
                    return;
                }
                await SubmitAsync(cluster, bundle, cancellationToken);
                var display = ProgressDisplay.Create(TimeProvider.System);
                var last = await display.DuringAsync(() => WaitAsync(cluster, name, display, cancellationToken));
                code = last.Status == "completed" ? ExitCodes.Done : ExitCodes.Failed;
                await FinishAsync(cluster, last, parsed.GetValue(_json), cancellationToken);
            },
            cancellationToken);
        return ended == ExitCodes.Done ? code : ended;
    }

    private static async Task CheckAsync(CampaignConfiguration configuration, CancellationToken cancellationToken)
    {
        if (configuration.Options.Notices is { Webhook: not null } or { Command.Count: > 0 })
        {
            Warn("campaign.notices of a campaign counts for ./dpo run alone: a cluster tells of lost nodes only (./dpo node --notices)");
        }
        if (configuration.Options.AsksPeople)
        {
            throw new UserInputException(
                $"campaign.judging.judge = {configuration.Options.Judging.Judge}: people judge on the page of ./dpo run, and the page of a cluster shows them nothing; run the campaign there, or name another judge.");
        }
        await using var judges = CampaignJudges.Factory(configuration.Options, workPath: null, Warn, TimeProvider.System);
        await CampaignBundling.CheckAsync(
            configuration,
            CampaignSession.Engines(configuration.Options, judges, Warn),
            Warn,
            cancellationToken);

        static void Warn(string warning) => Console.Error.WriteLine(PlainText.Of($"dpo: warning: {warning}"));
    }

    private static Task<JsonElement> SubmitAsync(ClusterConnection cluster, CampaignBundle bundle, CancellationToken cancellationToken) =>
        cluster.PostAsync<JsonElement>("/campaigns", new Submission(Digest.Of(bundle.ToJson())), cancellationToken);

    /// <summary>Gives the cluster the bundle and the files that travel with it.</summary>
    private static async Task OfferAsync(ClusterConnection cluster, CampaignBundle bundle, bool models, CancellationToken cancellationToken)
    {
        var directory = Directory.CreateTempSubdirectory("dpo-submit-");
        try
        {
            var store = new ArtifactStore(directory.FullName);
            var files = bundle.Files.Where(file => models || !file.IsModel).ToArray();
            if (files.FirstOrDefault(file => GgufFile.PathsOf(file.Path).Count > 1) is { } parts)
            {
                throw new UserInputException(
                    $"--upload-models: {parts.Path} is one of several files; put them where the nodes find them, in models of their state directory.");
            }
            foreach (var file in files)
            {
                store.Link(file.Digest, file.Path);
            }
            await cluster.OfferAsync(store, [.. files.Select(file => file.Digest), store.Put(bundle.ToJson())], cancellationToken);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task<CampaignOverview> WaitAsync(
        ClusterConnection cluster,
        string name,
        IProgressDisplay display,
        CancellationToken cancellationToken)
    {
        var (seen, waiting, isAway) = (0, "", false);
        while (true)
        {
            try
            {
                var view = await cluster.GetAsync<CampaignOverview>(
                    $"/campaigns/{Uri.EscapeDataString(name)}?seen={seen}",
                    cancellationToken);
                isAway = false;
                foreach (var line in view.RoundLines)
                {
                    display.Note(line);
                    seen++;
                }
                if (view.Stage is { } stage)
                {
                    display.Show(stage);
                }
                if (string.Join(", ", view.Waiting) is var now && now != waiting)
                {
                    waiting = now;
                    display.Note(now.Length > 0 ? $"waiting: no node plays {now}" : "there are nodes for every role again");
                }
                if (view.Status is "completed" or "paused" or "cancelled")
                {
                    return view;
                }
            }
            catch (Exception e) when (e is HttpRequestException or UserInputException)
            {
                // Its coordinator may be about to be another one.
                if (!isAway)
                {
                    display.Note($"no answer about the campaign for the moment: {e.GetBaseException().Message.TrimEnd('.')}");
                }
                isAway = true;
                await ReconnectAsync(cluster, cancellationToken);
            }
            await Task.Delay(s_look, cancellationToken);
        }
    }

    private static async Task ReconnectAsync(ClusterConnection cluster, CancellationToken cancellationToken)
    {
        try
        {
            await cluster.ReconnectAsync(cancellationToken);
        }
        catch (UserInputException)
        {
            // Somebody answers later.
        }
    }

    private static async Task FinishAsync(ClusterConnection cluster, CampaignOverview last, bool json, CancellationToken cancellationToken)
    {
        if (last.Status != "completed")
        {
            Console.Error.WriteLine(PlainText.Of($"dpo: {last.Status}{(last.PauseReason is { } reason ? $": {reason}" : "")}"));
            return;
        }
        if (json)
        {
            Console.WriteLine(await cluster.GetTextAsync($"/campaigns/{Uri.EscapeDataString(last.Campaign)}/summary", cancellationToken));
            return;
        }
        Console.WriteLine(
            $"held-out accuracy {100 * last.HeldoutAccuracy[0]:F1} % -> {100 * last.HeldoutAccuracy[^1]:F1} % in {last.RoundsDone} {(last.RoundsDone == 1 ? "round" : "rounds")}");
    }
}

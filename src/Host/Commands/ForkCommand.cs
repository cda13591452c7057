using System.CommandLine;
using System.Text;
using System.Text.Json;
using IterativeDpo.Actors;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Settings;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Host.Models;
using IterativeDpo.Host.Terminal;

namespace IterativeDpo.Host.Commands;

/// <summary><c>dpo fork</c>: a campaign that shares another's first rounds.</summary>
public static class ForkCommand
{
    private const string Example = "training.loss.beta=0.3";

    private static readonly Option<DirectoryInfo> _state = CommonOptions.State();
    private static readonly Option<int> _round = new("--round")
    {
        Description = "The last round that is shared; 0 is the evaluation of the base.",
        HelpName = "N",
        Required = true,
    };
    private static readonly Option<DirectoryInfo> _to = new("--to")
    {
        Description = "The new campaign's state directory.",
        HelpName = "DIR",
        Required = true,
    };
    private static readonly Option<FileInfo?> _config = new("--config")
    {
        Description = "The new campaign's file; the one that the campaign ran with if not given.",
        HelpName = "FILE",
    };
    private static readonly Option<string[]> _set = CommonOptions.Settings(Example);
    private static readonly Option<bool> _json = CommonOptions.Json();

    public static Command Create()
    {
        var command = new ExampleCommand(
            "fork",
            "Make a campaign that shares every artifact of another up to a round, without a copy on one disk, and goes on with other settings.",
            $"./dpo fork --round 2 --to state-b --set {Example}",
            "./dpo fork --state /data/a --round 0 --to /data/b --config b.conf",
            "./dpo fork --state /data/coordinator --campaign a --round 2 --to /data/b --config b.conf")
        {
            _state, ReplayCommand.Campaign, _round, _to, _config, _set, _json,
        };
        command.SetAction(async (parsed, token) => await ForkAsync(
            await ReplayCommand.StatePathAsync(parsed, _state, token),
            parsed.GetValue(_round),
            parsed.GetRequiredValue(_to).FullName,
            parsed.GetValue(_config)?.FullName,
            [.. CommonOptions.Overrides(parsed.GetValue(_set), Example)],
            parsed.GetValue(_json),
            token));
        return command;
    }

    private static async Task<int> ForkAsync(
        string statePath,
        int round,
        string newPath,
        string? file,
        IReadOnlyList<ConfigurationOverride> settings,
        bool json,
        CancellationToken cancellationToken)
    {
        StatusCommand.Read(statePath);
        var options = CampaignReader.ReadSettings(statePath);
        ConfigurationOverride[] kept = file is null
            ?
            [
                new("campaign.seed", $"{options.Seed}", "the campaign's seed"),
                new("campaign.rounds", $"{options.Rounds}", "the campaign's rounds"),
            ]
            : [];
        var source = file ?? CampaignReader.ReadSource(statePath) ?? throw new UserInputException(
            $"{statePath}: it is not noted which file the campaign ran with; name it with --config FILE.");
        if (!File.Exists(source))
        {
            throw new UserInputException($"{source}: the file that the campaign ran with is gone; name one with --config FILE.");
        }
        if (file is null
            && OptionsJson.Differences(options, (await ModelFolders.LoadAsync(source, kept, cancellationToken)).Options)
                is [var changed, ..])
        {
            throw new UserInputException(
                $"{source}: the file was changed since the campaign ran with it ({changed}); put that back, or name a file with --config FILE.");
        }
        ConfigurationOverride[] overrides = [.. kept.Where(item => settings.All(given => given.Key != item.Key)), .. settings];
        CampaignFork.Make(
            statePath,
            round,
            await ModelFolders.LoadAsync(source, overrides, cancellationToken),
            newPath,
            TimeProvider.System);
        var written = Path.Combine(newPath, "campaign.conf");
        AtomicFile.Write(written, stream => stream.Write(Encoding.UTF8.GetBytes(FileOf(source, overrides))));
        if (json)
        {
            CommonOptions.PrintJson(new { state = newPath, round, config = written });
        }
        else
        {
            Console.WriteLine(
                PlainText.Of($"{newPath} shares rounds 0 to {round} of {statePath}; it goes on by ./dpo run {written} --state {newPath}"));
        }
        return ExitCodes.Done;
    }

    /// <summary>The campaign file of the fork.</summary>
    private static string FileOf(string source, IEnumerable<ConfigurationOverride> overrides) => string.Concat(
        overrides.Select(item => $"{item.Key} = {(item.Value is ['[', .., ']'] ? item.Value : JsonSerializer.Serialize(item.Value))}\n")
            .Prepend($"include {JsonSerializer.Serialize(source)}\n"));
}

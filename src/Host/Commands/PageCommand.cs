using System.CommandLine;
using IterativeDpo.Artifacts;
using IterativeDpo.Host.Compare;
using IterativeDpo.Host.Page;
using Microsoft.AspNetCore.Builder;

namespace IterativeDpo.Host.Commands;

/// <summary><c>dpo page</c>: a campaign's page, from its state directory.</summary>
public static class PageCommand
{
    private static readonly Option<DirectoryInfo> _state = CommonOptions.State();

    internal static Option<string> Address { get; } = new("--page")
    {
        Description = $"Where the page is: off, a port, or HOST:PORT. {PageSettings.AddressVariable} in the environment says so too.",
        HelpName = "ADDRESS",
        DefaultValueFactory = _ =>
            Environment.GetEnvironmentVariable(PageSettings.AddressVariable) is { Length: > 0 } address ? address : PageSettings.Usual,
    };

    internal static Option<FileInfo?> TokenFile { get; } = new("--page-token-file")
    {
        Description =
            $"A file with the token that the page wants to see; beyond this machine it must have one. {PageSettings.TokenVariable} in the environment has it too.",
        HelpName = "FILE",
    };

    public static Command Create()
    {
        var command = new ExampleCommand(
            "page",
            "Show a campaign, of a directory of arms the arms side by side, or with --join a cluster, as a page in a browser, until stopped; also while another process runs it.",
            "./dpo page",
            "./dpo page --join 10.0.0.1:4053 --certificate certificates/worker-1.crt",
            "./dpo page --state /data/my-campaign --page 127.0.0.1:9000",
            "./dpo page --page 0.0.0.0:8420 --page-token-file token.txt",
            "./dpo page --state arms")
        {
            _state, ClusterCommands.Join, NodeCommand.Certificate, Address, TokenFile,
        };
        command.SetAction((parsed, token) => parsed.GetResult(ClusterCommands.Join) is { Implicit: false }
            ? ClusterCommands.WithClusterAsync(
                parsed,
                cluster =>
                    ShowAsync(
                        SettingsOf(parsed),
                        settings => PageServer.StartAsync(settings, new ClusterRoutes(cluster, TimeProvider.System)),
                        token),
                token)
            : ShowAsync(parsed.GetRequiredValue(_state).FullName, SettingsOf(parsed), token));
        return command;
    }

    /// <returns>Null where there is to be no page.</returns>
    /// <exception cref="UserInputException">The address or the token cannot be used.</exception>
    internal static PageSettings? SettingsOf(ParseResult parsed) => PageSettings.Of(
        parsed.GetRequiredValue(Address), parsed.GetValue(TokenFile)?.FullName, parsed.GetResult(Address) is { Implicit: false });

    /// <summary>The page of a run: a campaign does not fail for want of the usual port.</summary>
    /// <param name="telemetry">Has its metrics there.</param>
    /// <param name="note">Told where the page is, or why there is none.</param>
    /// <exception cref="UserInputException">The address that was asked for cannot be listened at.</exception>
    internal static async Task<WebApplication?> ServeAsync(
        PageSettings? settings,
        PageData data,
        TelemetryExport? telemetry,
        Action<string> note)
    {
        if (settings is null)
        {
            return null;
        }
        try
        {
            var server = await PageServer.StartAsync(settings, data, telemetry);
            note($"page: {server.Urls.First()}");
            return server;
        }
        catch (UserInputException) when (!settings.IsGiven)
        {
            note(
                $"no page: {settings.At} is in use or cannot be listened at; --page 0 takes any port that is free, and ./dpo page shows the campaign too");
            return null;
        }
    }

    private static async Task<int> ShowAsync(string statePath, PageSettings? settings, CancellationToken cancellationToken)
    {
        var isArms = ArmsPage.DirectoriesIn(statePath).Count > 0;
        if (!isArms)
        {
            StatusCommand.Read(statePath);
        }
        await ShowAsync(
            settings,
            where => isArms
                ? PageServer.StartAsync(where, new ArmsPage(statePath, TimeProvider.System).Render)
                : PageServer.StartAsync(where, Opened(statePath)),
            cancellationToken);
        return ExitCodes.Done;
    }

    private static PageData Opened(string statePath)
    {
        var data = new PageData(new CampaignFeed(statePath, TimeProvider.System));
        _ = Task.Run(data.ReadAhead, CancellationToken.None);
        return data;
    }

    /// <summary>Serves until it is stopped.</summary>
    private static async Task ShowAsync(
        PageSettings? settings,
        Func<PageSettings, Task<WebApplication>> startAsync,
        CancellationToken cancellationToken)
    {
        if (settings is null)
        {
            throw new UserInputException(
                $"--page off: then there is nothing to show; leave it out, or name an address such as {PageSettings.Usual}.");
        }
        await using var server = await startAsync(settings);
        Console.WriteLine($"page: {server.Urls.First()} (Ctrl-C ends it)");
        await Task.Delay(Timeout.Infinite, cancellationToken)
            .ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }
}

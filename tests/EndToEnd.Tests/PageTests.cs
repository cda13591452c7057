using System.Text;
using System.Text.Json;
using PuppeteerSharp;
using static IterativeDpo.EndToEnd.Tests.Browsing;

namespace IterativeDpo.EndToEnd.Tests;

/// <summary>The page in a browser, and notices, on a campaign that runs.</summary>
[Collection(nameof(PageTests))]
public sealed class PageTests
{
    [BrowserFact]
    public async Task Page_ofACampaign_showsItAsItGoesOn_throughReloadsAndALostConnection()
    {
        using var campaign = new TinyCampaign(extra: "notices { command = [sh, -c, \"cat >> told; echo >> told\"], on = [kept, done] }");
        await using var browser = await LaunchAsync();
        await using var page = await browser.NewPageAsync();
        var errors = new List<string>();
        page.PageError += (_, error) => errors.Add(error.Message);
        page.Console += (_, told) =>
            errors.AddRange(
                told.Message is { Type: ConsoleType.Error, Text: var text }
                && !text.Contains("Failed to load resource", StringComparison.Ordinal)
                    ? [text]
                    : []);

        using (var run = campaign.Start("--page", "127.0.0.1:0", "--tensorboard", Path.Combine(campaign.Root, "events")))
        {
            var address = AddressIn(run);

            // It goes by as it happens, without the page being loaded again.
            await GoAsync(page, address);
            await SeesAsync(page, "#strip", "tiny");
            await page.EvaluateExpressionAsync("window.isTheSame = true");
            await SeesAsync(page, "#strip .badge", "running");
            await SeesAsync(page, "#strip", "round 1/2");
            await SeesAsync(page, "#pages", "Operate");
            await SeesAsync(page, "#rounds", "kept");
            Assert.True(await page.EvaluateExpressionAsync<bool>("window.isTheSame"));

            // In the middle of it: what was there is there again, and goes on.
            await page.ReloadAsync(null, [WaitUntilNavigation.DOMContentLoaded]);
            await SeesAsync(page, "#rounds", "kept");

            Assert.True(run.ExitCode == 0, run.Errors);
            var events = Encoding.Latin1.GetString(
                File.ReadAllBytes(Assert.Single(Directory.GetFiles(Path.Combine(campaign.Root, "events")))));
            Assert.All(
                ["rewards/chosen", "rewards/margins", "logps/chosen", "loss", "learning_rate", "grad_norm", "eval/heldout_accuracy"],
                name => Assert.Contains(name, events, StringComparison.Ordinal));
            Assert.Equal(
                ["kept", "kept", "done"],
                File.ReadLines(Path.Combine(campaign.Root, "told"))
                    .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("kind").GetString()));
            await SeesAsync(page, "#lost:not([hidden])", "connection is lost");

            using var shown = DpoProcess.Start("page", "--state", campaign.StatePath, "--page", address.Authority);
            await page.WaitForFunctionAsync(
                "() => document.getElementById('lost').hidden",
                new WaitForFunctionOptions { Timeout = Patience });
            await SeesAsync(page, "#strip .badge", "completed");

            await FindPairsAsync(page, address);
            foreach (var path in new[] { "/", "/rounds/1", "/pairs?task=reverse", "/judges", "/log" })
            {
                await GoAsync(page, new Uri(address, path));
                await IsAccessibleAsync(page, path);
            }
            var pair = await page.EvaluateExpressionAsync<string>(
                "fetch('/api/pairs?size=1').then(answer => answer.json()).then(pairs => pairs.items[0].id)");
            await TakePicturesAsync(
                page,
                address,
                ("campaign", "/"),
                ("round", "/rounds/1"),
                ("pairs", "/pairs"),
                ("pair", $"/pairs/{Uri.EscapeDataString(pair)}"),
                ("judges", "/judges"),
                ("log", "/log"),
                ("none", "/nothing"));
            shown.Interrupt();
            Assert.True(shown.ExitCode == 0, shown.Errors);
        }
        Assert.Empty(errors);
    }

    /// <summary>Searches by the form, goes to a pair and to its address once more.</summary>
    private static async Task FindPairsAsync(IPage page, Uri address)
    {
        await GoAsync(page, new Uri(address, "/pairs"));
        await page.SelectAsync("select[name=task]", "reverse");
        await page.SelectAsync("select[name=sort]", "margin");
        await Task.WhenAll(page.WaitForNavigationAsync(), page.ClickAsync("form button"));
        await SeesAsync(page, "#count", " pairs");
        var tasks = await page.EvaluateExpressionAsync<string[]>(
            "[...document.querySelectorAll('table.pairs tbody tr td:first-child')].map(cell => cell.textContent)");
        Assert.NotEmpty(tasks);
        Assert.All(tasks, task => Assert.EndsWith("reverse", task, StringComparison.Ordinal));

        await Task.WhenAll(page.WaitForNavigationAsync(), page.ClickAsync("table.pairs tbody a"));
        await SeesAsync(page, "#answers", "Chosen");
        await IsAccessibleAsync(page, "a pair");
        var answers = await page.EvaluateExpressionAsync<string>("document.getElementById('answers').textContent");
        await page.ReloadAsync(null, [WaitUntilNavigation.DOMContentLoaded]);
        Assert.Equal(answers, await page.EvaluateExpressionAsync<string>("document.getElementById('answers').textContent"));
    }
}

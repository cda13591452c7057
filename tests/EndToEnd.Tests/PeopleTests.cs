using System.Text.Json;
using IterativeDpo.Campaigns;
using PuppeteerSharp;
using PuppeteerSharp.Input;
using static IterativeDpo.EndToEnd.Tests.Browsing;

namespace IterativeDpo.EndToEnd.Tests;

/// <summary>People judge a campaign's pairs in a real browser, and it goes on.</summary>
[Collection(nameof(PageTests))]
public sealed class PeopleTests
{
    private const string Judge = """
        judging { judge = people, judges { people { type = human, second = 0, guide = "Prefer the answer that is right. <script>alert(1)</script>" } } }
        evaluation.judge = verifier
        prompts.per-round = 12
        rounds = 1
        """;

    [BrowserFact]
    public async Task Campaign_thatWaitsForPeople_goesOnWhenTheyHaveJudgedByKeys_alsoAfterAKill()
    {
        using var campaign = new TinyCampaign(extra: Judge);
        await using var browser = await LaunchAsync();
        await using var page = await browser.NewPageAsync();
        int judged;
        using (var run = campaign.Start("--page", "127.0.0.1:0"))
        {
            var address = AddressIn(run);
            Assert.True(run.WaitForLine(line => line.Contains("waiting for people", StringComparison.Ordinal)), run.Errors);
            await GoAsync(page, new Uri(address, "/people"));
            await page.TypeAsync("input[name=name]", "anna");
            await Task.WhenAll(page.WaitForNavigationAsync(), page.Keyboard.PressAsync(Key.Enter));
            await SeesAsync(page, "#task .guide", "<script>alert(1)</script>");
            await IsAccessibleAsync(page, "a comparison");
            judged = await JudgeAsync(page, ["a", "b", "t", "n", "s"]);

            // The last one is taken back, and judged again.
            await Task.WhenAll(page.WaitForNavigationAsync(), page.Keyboard.PressAsync("u"));
            judged += await JudgeAsync(page, ["a"]) - 1;
            Assert.Contains(
                "waiting for people: ",
                DpoProcess.Run("status", "--state", campaign.StatePath).Output,
                StringComparison.Ordinal);
            run.Kill9();
        }
        var verdicts = Path.Combine(campaign.StatePath, "people", "verdicts.jsonl");
        Assert.Equal(
            ["a", "b", "tie", "neither", "skip", "undo", "a"],
            File.ReadLines(verdicts).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("answer").GetString()));

        using (var run = campaign.Start("--page", "127.0.0.1:0"))
        {
            var address = AddressIn(run);
            Assert.True(run.WaitForLine(line => line.Contains("waiting for people", StringComparison.Ordinal)), run.Errors);
            await GoAsync(page, new Uri(address, "/people"));
            await TakePicturesAsync(page, address, ("people", "/people"));
            while (!run.HasExited)
            {
                // The page shows by itself what comes.
                if (await page.QuerySelectorAsync("#task[data-task]") is null)
                {
                    await Task.Delay(200);
                    continue;
                }
                judged += await JudgeAsync(page, [judged % 2 == 0 ? "a" : "b"]);
            }
            Assert.True(run.ExitCode == 0, run.Errors);
        }
        var state = campaign.ReadState();
        Assert.Equal(CampaignStatus.Completed, state.Status);
        // Samples that are all the same text are shown to nobody; a tie or two make no pair.
        Assert.InRange(judged, 8, 12);
        Assert.Equal(judged - 2, state.Rounds[1].Pairs!.PairCount);
        var said = DpoProcess.Run("judges", "--state", campaign.StatePath);
        Assert.Contains("people (human): judges the samples", said.Output, StringComparison.Ordinal);
        Assert.Contains($"anna: {judged} judged, 2 ties, 0 skipped", said.Output, StringComparison.Ordinal);
    }

    /// <returns>How many were judged.</returns>
    private static async Task<int> JudgeAsync(IPage page, string[] keys)
    {
        foreach (var key in keys)
        {
            await Task.WhenAll(page.WaitForNavigationAsync(), page.Keyboard.PressAsync(key));
            Assert.Null(await page.QuerySelectorAsync("#refused"));
        }
        return keys.Length;
    }
}

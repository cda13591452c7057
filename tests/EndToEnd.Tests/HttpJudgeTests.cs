using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using IterativeDpo.Judging.Tests.Http;

namespace IterativeDpo.EndToEnd.Tests;

/// <summary>A campaign whose judge is behind a service.</summary>
public sealed class HttpJudgeTests : IDisposable
{
    private const string Variable = "DPO_TEST_JUDGE_KEY";
    private const string Key = "sk-end-to-end-5ecret";

    public HttpJudgeTests() => Environment.SetEnvironmentVariable(Variable, Key);

    [Fact]
    public void Run_killedBetweenCalls_paysForNoAnswerTwice_andKeepsTheKeyToItself()
    {
        const int Held = 150;
        var answered = new ConcurrentDictionary<string, int>();
        var arrived = new TaskCompletionSource();
        var count = 0;
        using var service = new FakeService(async request =>
        {
            if (request.Body.Length > 0 && Interlocked.Increment(ref count) == Held)
            {
                // With one call at a time, every answer before this call is stored.
                arrived.SetResult();
                await Task.Delay(Timeout.Infinite);
            }
            answered.AddOrUpdate(request.Body, 1, (_, times) => times + 1);
            return Answer(request.Body);
        });
        using var campaign = Campaign(service.Url);
        using (var first = campaign.Start())
        {
            Assert.True(arrived.Task.Wait(TimeSpan.FromMinutes(3)), first.Errors);
            first.Kill9();
            Assert.DoesNotContain(Key, first.Errors, StringComparison.Ordinal);
        }

        using var second = campaign.Run("--json");

        Assert.True(second.ExitCode == 0, second.Errors);
        answered.Remove("", out _);
        Assert.InRange(answered.Count, Held, int.MaxValue);
        Assert.All(answered, request => Assert.Equal(1, request.Value));
        Assert.Equal(answered.Count, File.ReadAllLines(Path.Combine(campaign.StatePath, "work", "judge-gpt.jsonl")).Length);
        Assert.All(service.Requests, request => Assert.Contains($"Bearer {Key}", request.Head, StringComparison.Ordinal));
        Assert.DoesNotContain(Key, second.Errors + second.Output, StringComparison.Ordinal);
        Assert.All(
            Directory.EnumerateFiles(campaign.StatePath, "*", SearchOption.AllDirectories),
            file => Assert.False(File.ReadAllBytes(file).AsSpan().IndexOf("5ecret"u8) >= 0, file));
    }

    [Fact]
    public void Run_overItsBudget_pausesAndGoesOnWhenItIsRaised()
    {
        using var service = new FakeService(request => Task.FromResult(Answer(request.Body)));
        using var campaign = Campaign(service.Url, "budget-calls = 40");
        using (var first = campaign.Run())
        {
            Assert.Equal(1, first.ExitCode);
            Assert.Contains("campaign.judging.judges.gpt: its budget of 40 calls is spent. Raise campaign.judging.judges.gpt.budget-calls", first.Errors, StringComparison.Ordinal);
        }
        var spent = service.Requests.Count(request => request.Body.Length > 0);
        File.AppendAllText(campaign.ConfPath, "\ncampaign.judging.judges.gpt.budget-calls = 0\n");

        using var second = campaign.Run("--json");

        Assert.True(second.ExitCode == 0, second.Errors);
        Assert.Equal(40, spent);
        string[] asked = [.. service.Requests.Select(request => request.Body).Where(body => body.Length > 0)];
        Assert.Equal(asked.Distinct().Count(), asked.Length);
    }

    public void Dispose() => Environment.SetEnvironmentVariable(Variable, null);

    /// <summary>Prefers the longer answer, whichever is shown first.</summary>
    private static FakeReply Answer(string body)
    {
        if (body.Length == 0)
        {
            return new FakeReply(200, """{"data":[]}""");
        }
        var shown = ((string)JsonNode.Parse(body)!["messages"]![0]!["content"]!).Split("====");
        var first = shown[1].Length > shown[2].Length ? 0.9 : shown[1].Length < shown[2].Length ? 0.1 : 0.5;
        return FakeService.Completion(first > 0.5 ? "A" : "B", ("A", first), ("B", 1 - first));
    }

    private static TinyCampaign Campaign(string url, string more = "")
    {
        var campaign = new TinyCampaign(extra: $$"""
            rounds = 1
            judging {
              judge = gpt
              judges.gpt {
                type = http, url = "{{url}}", model = small, key-variable = {{Variable}}
                template = ask.txt, max-comparisons = 3, concurrency = 1
                {{more}}
              }
            }
            evaluation.judge = verifier
            """);
        File.WriteAllText(Path.Combine(campaign.Root, "ask.txt"), "[user]\n{prompt}\n====\n{answer_a}\n====\n{answer_b}\n");
        return campaign;
    }
}

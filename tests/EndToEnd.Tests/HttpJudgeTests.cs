using System.Text;
using System.Text.Json.Nodes;
using IterativeDpo.Artifacts;
using IterativeDpo.Judging.Tests.Http;

namespace IterativeDpo.EndToEnd.Tests;

/// <summary>A campaign whose judge is behind a service.</summary>
[Collection(nameof(PageTests))]
public sealed class HttpJudgeTests : IDisposable
{
    private const string Variable = "DPO_TEST_JUDGE_KEY";
    private const string Key = "sk-end-to-end-5ecret";

    public HttpJudgeTests() => Environment.SetEnvironmentVariable(Variable, Key);

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Run_killedBetweenCalls_asksOnlyWhatWasOutAgain_underTheSameIdempotencyKey(int concurrency)
    {
        const int Held = 150;
        var arrived = new TaskCompletionSource();
        var count = 0;
        using var service = new FakeService(async request =>
        {
            // The call that is held is out when the process dies; whether others are, and how far they are, is left to chance.
            if (request.Body.Length > 0 && Interlocked.Increment(ref count) == Held)
            {
                arrived.SetResult();
                await Task.Delay(Timeout.Infinite);
            }
            return Answer(request.Body);
        });
        using var campaign = Campaign(service.Url, concurrency);
        using (var first = campaign.Start())
        {
            Assert.True(arrived.Task.Wait(TimeSpan.FromMinutes(3)), first.Errors);
            first.Kill9();
        }
        var (sent, answered) = Stored(campaign);
        string[] lost = [.. sent.Except(answered)];

        using var second = campaign.Run("--json");

        Assert.True(second.ExitCode == 0, second.Errors);
        Assert.InRange(lost.Length, 1, concurrency);
        Assert.Contains(
            $"campaign.judging.judges.gpt: questions that earlier runs sent and that have no answer: {lost.Length}. They are asked again",
            second.Errors,
            StringComparison.Ordinal);
        FakeRequest[] calls = [.. service.Requests.Where(request => request.Body.Length > 0)];
        Assert.All(calls, call => Assert.Equal(Digest.Of(Encoding.UTF8.GetBytes(call.Body)).Hex, call.Header("Idempotency-Key")));
        Assert.All(
            calls.GroupBy(call => call.Header("Idempotency-Key")!),
            question => Assert.InRange(question.Count(), 1, lost.Contains(question.Key) ? 2 : 1));
        // The budget counts what is stored: every question's answer, and every call that got none.
        (sent, answered) = Stored(campaign);
        Assert.Equal(answered.Length + lost.Length, sent.Length);
        Assert.InRange(calls.Length, answered.Length, sent.Length);
        Assert.Equal(answered.Order(), calls.Select(call => call.Header("Idempotency-Key")!).Distinct().Order());
    }

    [Fact]
    public void Run_overItsBudget_pausesAndGoesOnWhenItIsRaised_andKeepsTheKeyToItself()
    {
        using var service = new FakeService(request => Task.FromResult(Answer(request.Body)));
        using var campaign = Campaign(service.Url, more: "budget-calls = 40");
        using (var first = campaign.Run())
        {
            Assert.Equal(1, first.ExitCode);
            Assert.Contains(
                "campaign.judging.judges.gpt: its budget of 40 calls is spent. Raise campaign.judging.judges.gpt.budget-calls",
                first.Errors,
                StringComparison.Ordinal);
            Assert.DoesNotContain(Key, first.Errors, StringComparison.Ordinal);
        }
        var spent = service.Requests.Count(request => request.Body.Length > 0);
        File.AppendAllText(campaign.ConfPath, "\ncampaign.judging.judges.gpt.budget-calls = 0\n");

        using var second = campaign.Run("--json");
        using var forgotten = DpoProcess.Run("judges", "--state", campaign.StatePath, "--forget", "gpt");
        using var unknown = DpoProcess.Run("judges", "--state", campaign.StatePath, "--forget", "verifier");

        Assert.True(second.ExitCode == 0, second.Errors);
        Assert.Equal(40, spent);
        // Also what was forgotten: it was answered then, and nobody is asked now.
        var requests = service.Requests.Count;
        using var replay = DpoProcess.Run("replay", "--state", campaign.StatePath, "--round", "1", "--json");
        Assert.True(replay.ExitCode == 0, replay.Errors + replay.Output);
        Assert.Equal(requests, service.Requests.Count);
        Assert.True(forgotten.ExitCode == 0, forgotten.Errors);
        Assert.StartsWith($"forgot {Stored(campaign).Answered.Length:N0} answers of gpt", forgotten.Output, StringComparison.Ordinal);
        Assert.Equal(2, unknown.ExitCode);
        Assert.Contains("there is gpt", unknown.Errors, StringComparison.Ordinal);
        string[] asked = [.. service.Requests.Select(request => request.Body).Where(body => body.Length > 0)];
        Assert.Equal(asked.Distinct().Count(), asked.Length);
        Assert.All(service.Requests, request => Assert.Equal($"Bearer {Key}", request.Header("Authorization")));
        Assert.DoesNotContain(Key, second.Errors + second.Output, StringComparison.Ordinal);
        Assert.All(
            Directory.EnumerateFiles(campaign.StatePath, "*", SearchOption.AllDirectories),
            file => Assert.False(File.ReadAllBytes(file).AsSpan().IndexOf("5ecret"u8) >= 0, file));
    }

    [Fact]
    public void Judge_forget_asksWhatWasAnsweredAgain_andOnlyThen_andWhatWasSpentStaysSpent()
    {
        using var service = new FakeService(request => Task.FromResult(Answer(request.Body)));
        var directory = Directory.CreateTempSubdirectory("dpo-e2e-").FullName;
        string In(string name, string text = "")
        {
            File.WriteAllText(Path.Combine(directory, name), text);
            return Path.Combine(directory, name);
        }
        var samples = In(
            "samples.jsonl",
            string.Concat(Enumerable.Range(0, 3).Select(i => $$"""{"prompt":"{{i}}?","completions":["one","three"]}""" + "\n")));
        In("ask.txt", "[user]\n{prompt}\n====\n{answer_a}\n====\n{answer_b}\n");
        var config = In("judges.conf", $$"""
            campaign.judging.judges.gpt { type = http, url = "{{service.Url}}", model = small, key-variable = {{Variable}}, template = ask.txt, budget-calls = 13 }
            """);
        var output = Path.Combine(directory, "verdicts.jsonl");
        (int ExitCode, string Errors, int Asked) Judge(params string[] more)
        {
            var before = Asked();
            using var process = DpoProcess.Run(["judge", samples, "--judge", "gpt", "--config", config, "--out", output, .. more]);
            return (process.ExitCode, process.Errors, Asked() - before);
        }
        int Asked() => service.Requests.Count(request => request.Body.Length > 0);
        try
        {
            var first = Judge();
            var verdicts = File.ReadAllText(output);
            var kept = Judge("--forget");
            var afterKept = File.ReadAllText(output);
            var stored = Judge("--force");
            var forgotten = Judge("--force", "--forget");
            var storedAgain = Judge("--force");
            var spent = Judge("--force", "--forget");

            Assert.Equal((6, 0, 0, 6, 0), (first.Asked, kept.Asked, stored.Asked, forgotten.Asked, storedAgain.Asked));
            Assert.Equal(2, kept.ExitCode);
            Assert.Contains("Add --force to replace them", kept.Errors, StringComparison.Ordinal);
            Assert.Equal(verdicts, afterKept);
            Assert.Equal(1, spent.Asked);
            Assert.Contains("its budget of 13 calls is spent", spent.Errors, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    public void Dispose() => Environment.SetEnvironmentVariable(Variable, null);

    /// <summary>Prefers the longer answer, whichever is shown first.</summary>
    internal static FakeReply Answer(string body)
    {
        if (body.Length == 0)
        {
            return new FakeReply(200, """{"data":[]}""");
        }
        var shown = ((string)JsonNode.Parse(body)!["messages"]![0]!["content"]!).Split("====");
        var first = shown[1].Length > shown[2].Length ? 0.9 : shown[1].Length < shown[2].Length ? 0.1 : 0.5;
        return FakeService.Completion(first > 0.5 ? "A" : "B", ("A", first), ("B", 1 - first));
    }

    /// <summary>The Idempotency-Keys of the calls that the campaign has recorded, and of those that have an answer.</summary>
    private static (string[] Sent, string[] Answered) Stored(TinyCampaign campaign)
    {
        var text = File.ReadAllText(Path.Combine(campaign.StatePath, "work", "judge-gpt.jsonl"));
        // A killed process may leave half a line at the end.
        JsonNode[] lines = [.. text.Split('\n')[..^1].Select(line => JsonNode.Parse(line)!)];
        var kinds = lines.ToLookup(line => line["answer"] is not null, line => (string)line["request"]!);
        return ([.. kinds[false]], [.. kinds[true]]);
    }

    private static TinyCampaign Campaign(string url, int concurrency = 1, string more = "")
    {
        var campaign = new TinyCampaign(extra: $$"""
            rounds = 1
            judging {
              judge = gpt
              concurrency = {{concurrency}}
              judges.gpt {
                type = http, url = "{{url}}", model = small, key-variable = {{Variable}}
                template = ask.txt, max-comparisons = 3, concurrency = {{concurrency}}
                {{more}}
              }
            }
            evaluation.judge = verifier
            """);
        File.WriteAllText(Path.Combine(campaign.Root, "ask.txt"), "[user]\n{prompt}\n====\n{answer_a}\n====\n{answer_b}\n");
        return campaign;
    }
}

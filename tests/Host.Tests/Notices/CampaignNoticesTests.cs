using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using IterativeDpo.Actors;
using IterativeDpo.Actors.Nodes;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Host.Notices;
using IterativeDpo.Judging.Tests.Http;

namespace IterativeDpo.Host.Tests.Notices;

public sealed class CampaignNoticesTests : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("dpo-notices-");
    private readonly ConcurrentQueue<string> _notes = [];

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task Rounds_thatEnd_areTold_andThoseBeforeTheStartAreNot()
    {
        using var server = new FakeService(new FakeReply(200, ""));
        await using var notices = Notices(server.Url);

        notices.Report(Progress(State(RoundOutcome.Kept, RoundOutcome.Kept)));
        notices.Report(Progress(State(RoundOutcome.Kept, RoundOutcome.Kept, RoundOutcome.RolledBack, RoundOutcome.Skipped)));
        await notices.EndAsync(
            new(CampaignEnd.Completed, State(RoundOutcome.Kept, RoundOutcome.Kept, RoundOutcome.RolledBack, RoundOutcome.Skipped)),
            s_patience);

        Assert.Equal(
            [("rolled_back", 2), ("no_pairs", 3), ("done", null)],
            Told(server).Select(told => (told.GetProperty("kind").GetString(), Round(told))));
        Assert.Contains(
            "round 2/4: held-out accuracy 70.0 %: rolled back",
            Told(server)[0].GetProperty("text").GetString(),
            StringComparison.Ordinal);
        Assert.Equal(0.7, Told(server)[0].GetProperty("heldout_accuracy").GetDouble());
    }

    [Fact]
    public async Task Campaign_thatWasDoneBefore_isNotToldAgain()
    {
        using var server = new FakeService(new FakeReply(200, ""));
        await using var notices = Notices(server.Url);
        var done = State(RoundOutcome.Kept) with { Status = CampaignStatus.Completed };

        notices.Report(Progress(done));
        await notices.EndAsync(new(CampaignEnd.Completed, done), s_patience);

        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task Pause_isToldWithItsReason()
    {
        using var server = new FakeService(new FakeReply(200, ""));
        await using var notices = Notices(server.Url);

        await notices.EndAsync(new(CampaignEnd.Paused, State() with { PauseReason = "the disk is full" }), s_patience);

        Assert.Equal(
            ("paused", "paused: the disk is full"),
            (Told(server).Single().GetProperty("kind").GetString(), Told(server).Single().GetProperty("text").GetString()));
    }

    [Fact]
    public async Task Budget_isToldOnceFrom80PercentOn()
    {
        using var server = new FakeService(new FakeReply(200, ""));
        var spent = 0.79;
        await using var notices = Notices(server.Url, budgets: () => [("campaign.judging.judges.gpt", spent)]);

        notices.Report(Progress(State()));
        spent = 0.8;
        notices.Report(Progress(State()));
        spent = 0.9;
        notices.Report(Progress(State()));
        await notices.EndAsync(new(CampaignEnd.Interrupted, State()), s_patience);

        Assert.Equal("80 % of the budget of campaign.judging.judges.gpt is spent", Told(server).Single().GetProperty("text").GetString());
    }

    [Fact]
    public async Task Kinds_thatAreNotAskedFor_areNotTold()
    {
        using var server = new FakeService(new FakeReply(200, ""));
        await using var notices = Notices(server.Url, on: [NoticeKind.Done]);

        notices.Report(Progress(State(RoundOutcome.Kept)));
        notices.Report(Progress(State(RoundOutcome.Kept, RoundOutcome.Kept)));
        await notices.EndAsync(new(CampaignEnd.Completed, State(RoundOutcome.Kept, RoundOutcome.Kept)), s_patience);

        Assert.Equal("done", Told(server).Single().GetProperty("kind").GetString());
    }

    [Fact]
    public async Task Webhook_thatFailsForAWhile_isTriedAgain_withTheSameNoticeAndASignatureThatHolds()
    {
        Environment.SetEnvironmentVariable("DPO_TEST_NOTICES_KEY", "the key");
        using var server = new FakeService(new FakeReply(503, ""), new FakeReply(200, "", IsCut: true), new FakeReply(200, ""));
        await using var notices = Notices(server.Url, keyVariable: "DPO_TEST_NOTICES_KEY");

        await notices.EndAsync(new(CampaignEnd.Paused, State()), s_patience);

        Assert.Empty(_notes);
        Assert.InRange(server.Requests.Count, 2, 3);
        Assert.Single(server.Requests.Select(request => request.Header("X-Dpo-Notice")).Distinct());
        Assert.All(server.Requests, request => Assert.Equal(
            Webhook.Sign("the key"u8.ToArray(), request.Header("X-Dpo-Timestamp")!, Encoding.UTF8.GetBytes(request.Body)),
            request.Header("X-Dpo-Signature")));
    }

    [Fact]
    public async Task Webhook_thatRefuses_isNotTriedAgain_andItsAddressIsNotTold()
    {
        using var server = new FakeService(new FakeReply(403, ""));
        await using var notices = Notices($"{server.Url}/S3CRET");

        await notices.EndAsync(new(CampaignEnd.Paused, State()), s_patience);

        Assert.Single(server.Requests);
        var note = Assert.Single(_notes);
        Assert.Contains("the address answers 403", note, StringComparison.Ordinal);
        Assert.DoesNotContain("S3CRET", note, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Webhook_thatDoesNotAnswer_holdsNobodyUp()
    {
        using var server = new FakeService(async _ =>
        {
            await Task.Delay(Timeout.Infinite);
            return new FakeReply(200, "");
        });
        await using var notices = Notices(server.Url);
        var began = Stopwatch.GetTimestamp();

        notices.Report(Progress(State(RoundOutcome.Kept)));
        for (var round = 2; round <= 4; round++)
        {
            notices.Report(Progress(State([.. Enumerable.Repeat(RoundOutcome.Kept, round)])));
        }
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(5));
        await notices.EndAsync(new(CampaignEnd.Interrupted, State(RoundOutcome.Kept)), TimeSpan.FromMilliseconds(200));

        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(20));
        Assert.Contains("warning: 3 notices were not delivered before the run ended", _notes);
    }

    [Fact]
    public async Task Webhook_thatIsSlow_isGivenUpAfterItsTimeout()
    {
        using var server = new FakeService(async _ =>
        {
            await Task.Delay(Timeout.Infinite);
            return new FakeReply(200, "");
        });
        await using var notices = Notices(server.Url, timeout: TimeSpan.FromMilliseconds(100), retries: 0);

        await notices.EndAsync(new(CampaignEnd.Paused, State()), s_patience);

        Assert.Contains("does not answer within 00:00:00.1", Assert.Single(_notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Key_thatIsNotThere_isRefused() =>
        Assert.Contains(
            "DPO_TEST_NO_SUCH_KEY is not set",
            Assert.Throws<UserInputException>(() => Notices("http://127.0.0.1:9", keyVariable: "DPO_TEST_NO_SUCH_KEY")).Message,
            StringComparison.Ordinal);

    [Fact]
    public async Task Command_getsTheNoticeOnItsStandardInput()
    {
        await using var notices = Program("cat > told.json; echo noise");

        await notices.EndAsync(new(CampaignEnd.Paused, State() with { PauseReason = "why" }), s_patience);

        Assert.Empty(_notes);
        Assert.Equal(
            "paused: why",
            JsonDocument.Parse(File.ReadAllText(Path.Combine(_directory.FullName, "told.json"))).RootElement.GetProperty("text").GetString()
        );
    }

    [Theory]
    [InlineData("echo went wrong >&2; exit 3", "ends with 3: went wrong")]
    [InlineData("sleep 60", "does not end within 00:00:01")]
    public async Task Command_thatFailsOrHangs_isTold(string script, string expected)
    {
        await using var notices = Program(script, TimeSpan.FromSeconds(1));

        await notices.EndAsync(new(CampaignEnd.Paused, State()), s_patience);

        Assert.Contains(expected, Assert.Single(_notes), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Command_thatIsNotThere_isTold()
    {
        await using var notices = Notices(null, command: ["./none.sh"]);

        await notices.EndAsync(new(CampaignEnd.Paused, State()), s_patience);

        Assert.Contains("none.sh cannot be started", Assert.Single(_notes), StringComparison.Ordinal);
    }

    [Fact]
    public async Task LostNode_isToldWithItsWork_underTheSameIdWhoeverTells()
    {
        using var server = new FakeService(new FakeReply(200, ""));
        var lost = new LostNode(
            new NodeReport(
                "two",
                "akka.tcp://iterative-dpo@h:1",
                "http://h:2/",
                ["generator", "judge"],
                "1",
                1,
                "cpu",
                false,
                ["c 1/Sample/0"],
                [],
                0,
                DateTimeOffset.UnixEpoch,
                DateTimeOffset.UnixEpoch),
            IsReplaced: true);

        foreach (var _ in new[] { "one node", "another" })
        {
            await using var notices = new NodeNotices(Options(server.Url), _notes.Enqueue, TimeProvider.System);
            notices.Tell(lost);
            await notices.FinishAsync(s_patience);
        }

        Assert.Empty(_notes);
        Assert.Equal(["two/node-lost/0", "two/node-lost/0"], server.Requests.Select(request => request.Header("X-Dpo-Notice")));
        Assert.Equal(
            ("node_lost", "two", JsonValueKind.Null),
            (
                Told(server)[0].GetProperty("kind").GetString(),
                Told(server)[0].GetProperty("node").GetString(),
                Told(server)[0].GetProperty("campaign").ValueKind));
        Assert.Equal(
            "node two (generator, judge) is lost: it was not heard of any more, and did not leave; it was started again meanwhile; in its hand was c 1/Sample/0, which others do",
            Told(server)[0].GetProperty("text").GetString());
    }

    private CampaignNotices Program(string script, TimeSpan? timeout = null) =>
        Notices(null, command: ["sh", "-c", script], timeout: timeout);

    private CampaignNotices Notices(
        string? webhook,
        string keyVariable = "",
        TimeSpan? timeout = null,
        int retries = 5,
        string[]? command = null,
        NoticeKind[]? on = null,
        Func<IReadOnlyList<(string, double)>>? budgets = null) => new(
            Options(webhook, keyVariable, timeout, retries, command, on),
            budgets ?? (() => []), _notes.Enqueue, TimeProvider.System);

    private NoticeOptions Options(
        string? webhook,
        string keyVariable = "",
        TimeSpan? timeout = null,
        int retries = 5,
        string[]? command = null,
        NoticeKind[]? on = null) => new(
            webhook,
            keyVariable,
            timeout ?? s_patience,
            retries,
            command ?? [],
            _directory.FullName,
            on ?? Enum.GetValues<NoticeKind>());

    private static JsonElement[] Told(FakeService server) =>
        [.. server.Requests.Select(request => JsonDocument.Parse(request.Body).RootElement)];

    private static int? Round(JsonElement told) =>
        told.GetProperty("round") is { ValueKind: JsonValueKind.Number } round ? round.GetInt32() : null;

    private static CampaignProgress Progress(CampaignState state) => new(state, null);

    /// <summary>A running campaign; the first outcome is the base's.</summary>
    private static CampaignState State(params RoundOutcome[] outcomes) => new()
    {
        Status = CampaignStatus.Running,
        Plan = new CampaignPlan(
            "test",
            Digest.Of("settings"u8),
            4,
            20,
            10,
            10,
            1,
            PairData.New,
            PolicyOrigin.Previous,
            ReferenceOrigin.Previous,
            null),
        Rounds = [.. outcomes.Select((outcome, number) => new RoundState(number, null)
        {
            Outcome = outcome,
            Grades = ImmutableSortedDictionary<int, JudgeResult>.Empty.Add(0, new JudgeResult(
                new(number, Stage.Grade, 0),
                Digest.Of([]),
                0,
                0,
                ImmutableSortedDictionary<string, TaskScore>.Empty.Add("add", new TaskScore(5 + number, 10)),
                1)),
        })],
    };
}

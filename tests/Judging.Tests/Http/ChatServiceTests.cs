using System.Collections.Concurrent;
using System.Text;
using IterativeDpo.Artifacts;
using IterativeDpo.Judging.Http;
using IterativeDpo.Judging.Models;

namespace IterativeDpo.Judging.Tests.Http;

public sealed class ChatServiceTests : IDisposable
{
    private static readonly FakeReply _yes = FakeService.Completion("yes");

    private readonly TemporaryDirectory _directory = new();
    private readonly JumpingTime _time = new();
    private readonly ConcurrentQueue<string> _notes = [];

    private string CachePath => _directory["judge-gpt.jsonl"];

    [Fact]
    public async Task AskAsync_ofTheSameRequest_callsOnce()
    {
        using var fake = new FakeService(_yes);
        await using var service = Service(ServiceSettings.Of(fake.Url));

        var first = await AskAsync(service, "one");
        var second = await AskAsync(service, "one");
        var other = await AskAsync(service, "two");

        Assert.Equal(2, fake.Requests.Count);
        Assert.Equal([false, true, false], [first.IsCached, second.IsCached, other.IsCached]);
        Assert.Equal(first.Answer, second.Answer);
    }

    [Fact]
    public async Task AskAsync_ofTheSameRequestAtOnce_sharesTheCall()
    {
        var release = new TaskCompletionSource();
        using var fake = new FakeService(async _ =>
        {
            await release.Task;
            return _yes;
        });
        await using var service = Service(ServiceSettings.Of(fake.Url));

        Task<(ChatAnswer Answer, bool IsCached)>[] asked = [AskAsync(service, "one"), AskAsync(service, "one"), AskAsync(service, "one")];
        release.SetResult();
        var answers = await Task.WhenAll(asked);

        Assert.Single(fake.Requests);
        Assert.Equal(2, answers.Count(answer => answer.IsCached));
    }

    [Fact]
    public async Task AskAsync_afterARestart_callsNothingAgain_whateverTheUrl()
    {
        using var first = new FakeService(_yes);
        using var second = new FakeService(_yes);
        await using (var service = Service(ServiceSettings.Of(first.Url)))
        {
            await AskAsync(service, "one");
        }

        await using var again = Service(ServiceSettings.Of(second.Url));
        var answer = await AskAsync(again, "one");

        Assert.True(answer.IsCached);
        Assert.Equal("yes", answer.Answer.Text);
        Assert.Empty(second.Requests);
    }

    [Fact]
    public async Task AskAsync_whoseCallerGivesUp_keepsTheAnswer()
    {
        var release = new TaskCompletionSource();
        using var fake = new FakeService(async _ =>
        {
            await release.Task;
            return _yes;
        });
        await using var service = Service(ServiceSettings.Of(fake.Url));
        using var giveUp = new CancellationTokenSource();
        var asked = service.AskAsync("one"u8.ToArray(), WantedAnswer.WholeText, giveUp.Token);
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);

        var again = AskAsync(service, "one");
        release.SetResult();

        Assert.Equal("yes", (await again).Answer.Text);
        Assert.Single(fake.Requests);
    }

    [Fact]
    public async Task AskAsync_ofAServiceThatRecovers_backsOffTwiceAsLongEachTime()
    {
        using var fake = new FakeService(new FakeReply(500, "oops"), new FakeReply(503, "busy"), _yes);
        await using var service = Service(ServiceSettings.Of(fake.Url));

        var answer = await AskAsync(service, "one");

        Assert.Equal("yes", answer.Answer.Text);
        Assert.Equal(2, _time.Waits.Count);
        Assert.InRange(_time.Waits[0].TotalSeconds, 4, 8);
        Assert.InRange(_time.Waits[1].TotalSeconds, 8, 16);
    }

    [Fact]
    public async Task AskAsync_ofAnotherRequest_backsOffForAnotherTime()
    {
        using var fake = new FakeService(new FakeReply(500, "oops"), _yes, new FakeReply(500, "oops"), _yes);
        await using var service = Service(ServiceSettings.Of(fake.Url));

        await AskAsync(service, "one");
        await AskAsync(service, "two");

        Assert.NotEqual(_time.Waits[0], _time.Waits[1]);
    }

    [Theory]
    [InlineData("Retry-After: 37\r\n")]
    [InlineData("Retry-After: Thu, 01 Jan 1970 00:00:37 GMT\r\n")]
    public async Task AskAsync_ofAServiceThatNamesAWait_waitsThatLong(string header)
    {
        using var fake = new FakeService(new FakeReply(429, "slow down", header), _yes);
        await using var service = Service(ServiceSettings.Of(fake.Url));

        await AskAsync(service, "one");

        Assert.Equal(37, Assert.Single(_time.Waits).TotalSeconds, 1.0);
    }

    [Fact]
    public async Task AskAsync_ofAServiceThatAsksForNoWait_backsOffAsAfterAnyFailure()
    {
        using var fake = new FakeService(new FakeReply(429, "slow down", "Retry-After: Thu, 01 Jan 1970 00:00:00 GMT\r\n"), _yes);
        await using var service = Service(ServiceSettings.Of(fake.Url));

        await AskAsync(service, "one");

        Assert.InRange(Assert.Single(_time.Waits).TotalSeconds, 4, 8);
    }

    public static TheoryData<string, FakeReply> Garbage => new()
    {
        { "ended prematurely", _yes with { IsCut = true } },
        { "something else than a chat completion", new FakeReply(200, "<html>hello</html>") },
        { "something else than a chat completion", new FakeReply(200, "{}") },
        { "something else than a chat completion", new FakeReply(200, """{"choices":[{"message":{"content":7}}]}""") },
        { "something else than a chat completion", new FakeReply(200, "") },
        { "500 (oops)", new FakeReply(500, """{"error":{"message":"oops"}}""") },
        { "502 (nothing)", new FakeReply(502, "") },
        { "429 (slow down)", new FakeReply(429, """{"error":"slow down"}""") },
    };

    [Theory]
    [MemberData(nameof(Garbage))]
    public async Task AskAsync_ofAServiceThatKeepsFailing_triesAgainAndThenGivesUp(string reason, FakeReply reply)
    {
        using var fake = new FakeService(reply);
        await using var service = Service(ServiceSettings.Of(fake.Url));

        var error = await Assert.ThrowsAsync<JudgeModelException>(() => AskAsync(service, "one"));

        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Contains("in 3 tries", error.Message, StringComparison.Ordinal);
        Assert.Equal(3, fake.Requests.Count);
        Assert.Equal(0, Answers());
    }

    [Theory]
    [InlineData(401, "it wants a key")]
    [InlineData(403, "it wants a key")]
    [InlineData(402, "no credit left")]
    [InlineData(404, "Correct judges.gpt.model (small) or judges.gpt.url")]
    [InlineData(308, "points to http://elsewhere.example/v1. Set judges.gpt.url")]
    public async Task AskAsync_ofAServiceThatWantsSomething_saysWhatToDo(int status, string remedy)
    {
        using var fake = new FakeService(
            new FakeReply(status, """{"error":{"message":"no"}}""", "Location: http://elsewhere.example/v1\r\n"));
        await using var service = Service(ServiceSettings.Of(fake.Url));

        var error = await Assert.ThrowsAsync<UserInputException>(() => AskAsync(service, "one"));

        Assert.StartsWith($"judges.gpt: {fake.Url} answers {status} (no)", error.Message, StringComparison.Ordinal);
        Assert.Contains(remedy, error.Message, StringComparison.Ordinal);
        Assert.Single(fake.Requests);
    }

    [Fact]
    public async Task AskAsync_ofAnAccountWithoutQuota_doesNotTryAgain()
    {
        using var fake = new FakeService(
            new FakeReply(429, """{"error":{"message":"You exceeded your quota","code":"insufficient_quota"}}"""));
        await using var service = Service(ServiceSettings.Of(fake.Url));

        await Assert.ThrowsAsync<UserInputException>(() => AskAsync(service, "one"));

        Assert.Single(fake.Requests);
    }

    [Fact]
    public async Task AskAsync_ofARequestThatIsRefused_doesNotTryAgain()
    {
        using var fake = new FakeService(new FakeReply(400, """{"error":{"message":"too many\n tokens"}}"""));
        await using var service = Service(ServiceSettings.Of(fake.Url));

        var error = await Assert.ThrowsAsync<JudgeModelException>(() => AskAsync(service, "one"));

        Assert.Equal($"{fake.Url} answers 400 (too many tokens)", error.Message);
        Assert.Single(fake.Requests);
    }

    [Fact]
    public async Task AskAsync_ofAServiceThatDoesNotAnswer_namesTheTimeout()
    {
        using var fake = new FakeService(_ => new TaskCompletionSource<FakeReply>().Task);
        await using var service = new ChatService(
            "judges.gpt",
            ServiceSettings.Of(fake.Url) with
            {
                Timeout = TimeSpan.FromMilliseconds(50),
                Retries = 0,
            },
            Ledger,
            _notes.Enqueue,
            TimeProvider.System);

        var error = await Assert.ThrowsAsync<JudgeModelException>(() => AskAsync(service, "one"));

        Assert.Contains("does not answer within 00:00:00.0500000 (judges.gpt.timeout)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AskAsync_ofManyRequests_hasNoMoreThanItsConcurrencyAtOnce()
    {
        var (running, most) = (0, 0);
        var two = new TaskCompletionSource();
        using var fake = new FakeService(async _ =>
        {
            var now = Interlocked.Increment(ref running);
            InterlockedMax(ref most, now);
            if (now == 2)
            {
                two.TrySetResult();
            }
            await two.Task;
            Interlocked.Decrement(ref running);
            return _yes;
        });
        await using var service = Service(ServiceSettings.Of(fake.Url) with { Concurrency = 2 });

        await Task.WhenAll(Enumerable.Range(0, 6).Select(i => AskAsync(service, $"{i}")));

        Assert.Equal(2, most);
    }

    [Fact]
    public async Task AskAsync_ofTheNextRequest_goesOutWhenTheAnswerBeforeIsOnTheDisk()
    {
        var stored = new ConcurrentQueue<int>();
        using var fake = new FakeService(_ =>
        {
            stored.Enqueue(Answers());
            return Task.FromResult(_yes);
        });
        await using var service = Service(ServiceSettings.Of(fake.Url) with { Concurrency = 1 });

        await Task.WhenAll(Enumerable.Range(0, 200).Select(i => AskAsync(service, $"{i}")));

        Assert.Equal(Enumerable.Range(0, 200), stored);
    }

    [Fact]
    public async Task AskAsync_overTheBudgetOfCalls_namesTheKey_andGoesOnWhenItIsRaised()
    {
        using var fake = new FakeService(_yes);
        await using (var service = Service(ServiceSettings.Of(fake.Url) with { BudgetCalls = 2 }))
        {
            await AskAsync(service, "one");
            await AskAsync(service, "two");
            var error = await Assert.ThrowsAsync<UserInputException>(() => AskAsync(service, "three"));
            Assert.Equal(
                "judges.gpt: its budget of 2 calls is spent. Raise judges.gpt.budget-calls (0: no limit), and run or submit it again.",
                error.Message);
            Assert.True((await AskAsync(service, "one")).IsCached);
        }
        await using (var service = Service(ServiceSettings.Of(fake.Url) with { BudgetCalls = 2 }))
        {
            await Assert.ThrowsAsync<UserInputException>(() => AskAsync(service, "three"));
        }
        await using var raised = Service(ServiceSettings.Of(fake.Url) with { BudgetCalls = 3 });

        Assert.Equal("yes", (await AskAsync(raised, "three")).Answer.Text);
        Assert.Equal(3, fake.Requests.Count);
    }

    [Fact]
    public async Task AskAsync_overABudgetThatIsRaisedMeanwhile_goesOn()
    {
        using var fake = new FakeService(_yes);
        var (calls, tokens) = (0, 0L);
        await using var service = new ChatService(
            "judges.gpt",
            ServiceSettings.Of(fake.Url) with
            {
                BudgetCalls = 1,
            },
            Ledger,
            _notes.Enqueue,
            TimeProvider.System,
            () => (calls, tokens));
        await AskAsync(service, "one");
        await Assert.ThrowsAsync<UserInputException>(() => AskAsync(service, "two"));

        calls = 2;

        await AskAsync(service, "two");
        Assert.Equal(1, service.BudgetSpent);
    }

    [Fact]
    public async Task AskAsync_overTheBudgetOfTokens_namesTheKey()
    {
        using var fake = new FakeService(_yes);
        await using var service = Service(ServiceSettings.Of(fake.Url) with { BudgetTokens = 12 });
        await AskAsync(service, "one");

        var error = await Assert.ThrowsAsync<UserInputException>(() => AskAsync(service, "two"));

        Assert.Contains("its budget of 12 tokens is spent. Raise judges.gpt.budget-tokens", error.Message, StringComparison.Ordinal);
        Assert.Single(fake.Requests);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(429)]
    [InlineData(500)]
    public async Task AskAsync_afterRefusals_hasAllOfItsBudget_alsoAfterARestart(int status)
    {
        using var fake = new FakeService(new FakeReply(status, "no"), new FakeReply(status, "no"), _yes);
        var options = ServiceSettings.Of(fake.Url) with { BudgetCalls = 1, Retries = 0 };
        await using (var service = Service(options))
        {
            await Assert.ThrowsAnyAsync<Exception>(() => AskAsync(service, "one"));
            await Assert.ThrowsAnyAsync<Exception>(() => AskAsync(service, "two"));
        }
        await using var again = Service(options);

        Assert.Equal("yes", (await AskAsync(again, "three")).Answer.Text);
        Assert.Empty(_notes);
    }

    [Fact]
    public async Task AskAsync_afterNoConnection_hasAllOfItsBudget()
    {
        using var fake = new FakeService(_yes);
        var options = ServiceSettings.Of(fake.Url) with { BudgetCalls = 1 };
        using var closed = new FakeService(_yes);
        closed.Dispose();
        await using (var service = Service(options with { Url = closed.Url }))
        {
            await Assert.ThrowsAsync<JudgeModelException>(() => AskAsync(service, "one"));
        }
        await using var again = Service(options);

        Assert.Equal("yes", (await AskAsync(again, "two")).Answer.Text);
    }

    [Fact]
    public async Task AskAsync_afterACallWhoseAnswerWasCutOff_countsBoth()
    {
        using var fake = new FakeService(_yes with { IsCut = true }, _yes);
        await using var service = Service(ServiceSettings.Of(fake.Url) with { BudgetCalls = 2 });
        await AskAsync(service, "one");

        await Assert.ThrowsAsync<UserInputException>(() => AskAsync(service, "two"));

        Assert.Equal(2, fake.Requests.Count);
    }

    [Fact]
    public async Task AskAsync_withoutBudgetForAnotherTry_doesNotTryAgain()
    {
        using var fake = new FakeService(_yes with { IsCut = true }, _yes);
        await using var service = Service(ServiceSettings.Of(fake.Url) with { BudgetCalls = 1 });

        await Assert.ThrowsAsync<UserInputException>(() => AskAsync(service, "one"));

        Assert.Single(fake.Requests);
    }

    [Fact]
    public async Task AskAsync_ofManyRequestsAtOnce_keepsToTheBudget()
    {
        using var fake = new FakeService(_yes);
        await using var service = Service(ServiceSettings.Of(fake.Url) with { BudgetCalls = 5 });

        var asked = Enumerable.Range(0, 20).Select(i => AskAsync(service, $"{i}")).ToArray();
        await Assert.ThrowsAsync<UserInputException>(() => Task.WhenAll(asked));

        Assert.Equal(5, fake.Requests.Count);
        Assert.Equal(5, asked.Count(task => task.IsCompletedSuccessfully));
    }

    [Fact]
    public async Task AskAsync_ofACallThatAnEarlierRunLost_saysSo_andCountsBoth()
    {
        File.WriteAllBytes(CachePath, new CallEntry(Digest.Of("one"u8).Hex).ToLine());
        using var fake = new FakeService(_yes);
        await using var service = Service(ServiceSettings.Of(fake.Url) with { BudgetCalls = 2 });

        var answer = await AskAsync(service, "one");

        Assert.False(answer.IsCached);
        Assert.Equal(
            "judges.gpt: questions that earlier runs sent and that have no answer: 1. They are asked again, and the budget counts both calls.",
            Assert.Single(_notes));
        await Assert.ThrowsAsync<UserInputException>(() => AskAsync(service, "two"));
    }

    [Fact]
    public async Task AskAsync_ofAQuestionThatFails_isTriedSoOftenInAll_whateverAsks_andAgainOnceItIsStartedAgain()
    {
        using var fake = new FakeService(new FakeReply(500, "oops"));
        for (var start = 1; start <= 2; start++)
        {
            await using var service = Service(ServiceSettings.Of(fake.Url));
            for (var attempt = 0; attempt < 3; attempt++)
            {
                var error = await Assert.ThrowsAsync<JudgeModelException>(() => AskAsync(service, "one"));
                Assert.StartsWith(
                    $"{fake.Url} answers 500 (oops), in 3 tries (judges.gpt.retries: more are made",
                    error.Message,
                    StringComparison.Ordinal);
            }
            Assert.Equal(3 * start, fake.Requests.Count);
        }
    }

    [Theory]
    [InlineData(401, "")]
    [InlineData(402, "")]
    [InlineData(429, "Retry-After: 3600\r\n")]
    public async Task AskAsync_afterWhatTheUserHasPutRight_hasAllItsTries(int status, string headers)
    {
        var refusal = new FakeReply(status, "no", headers);
        using var fake = new FakeService(refusal, refusal, refusal, _yes);
        await using var service = Service(ServiceSettings.Of(fake.Url) with { Retries = 0 });
        for (var i = 0; i < 3; i++)
        {
            await Assert.ThrowsAsync<UserInputException>(() => AskAsync(service, "one"));
        }

        Assert.Equal("yes", (await AskAsync(service, "one")).Answer.Text);
    }

    [Fact]
    public async Task AskAsync_isOnTheDiskBeforeItGoesOut()
    {
        string[] stored = [];
        using var fake = new FakeService(_ =>
        {
            stored = File.ReadAllLines(CachePath);
            return Task.FromResult(_yes);
        });
        await using var service = Service(ServiceSettings.Of(fake.Url));

        await AskAsync(service, "one");

        Assert.Equal($$"""{"request":"{{Digest.Of("one"u8).Hex}}"}""", Assert.Single(stored));
    }

    [Fact]
    public async Task AskAsync_withABudgetOfTokensThatNobodyCounts_saysWhatToSet()
    {
        using var fake = new FakeService(new FakeReply(200, """{"choices":[{"message":{"content":"yes"}}]}"""));
        await using var service = Service(ServiceSettings.Of(fake.Url) with { BudgetTokens = 12 });

        var error = await Assert.ThrowsAsync<UserInputException>(() => AskAsync(service, "one"));

        Assert.Contains("Set judges.gpt.budget-tokens = 0", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DisposeAsync_waitsForCallsThatAreOut()
    {
        var (arrived, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        using var fake = new FakeService(async _ =>
        {
            arrived.SetResult();
            await release.Task;
            return _yes;
        });
        var service = new ChatService("judges.gpt", ServiceSettings.Of(fake.Url), Ledger, _notes.Enqueue, new JumpingTime(TimeSpan.Zero));
        var asked = AskAsync(service, "one");
        await arrived.Task;

        var disposed = service.DisposeAsync();
        release.SetResult();
        await disposed;

        Assert.Equal("yes", (await asked).Answer.Text);
        Assert.Equal(1, Answers());
    }

    public void Dispose() => _directory.Dispose();

    private static Task<(ChatAnswer Answer, bool IsCached)> AskAsync(ChatService service, string request) =>
        service.AskAsync(Encoding.UTF8.GetBytes(request), WantedAnswer.WholeText, CancellationToken.None);

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = most; value > seen && Interlocked.CompareExchange(ref most, value, seen) != seen; seen = most)
        {
        }
    }

    private LedgerFile Ledger() => new(CachePath);

    private int Answers() => File.ReadAllLines(CachePath).Count(line => line.Contains("\"answer\":", StringComparison.Ordinal));

    private ChatService Service(ServiceOptions options) => new("judges.gpt", options, Ledger, _notes.Enqueue, _time);
}

using System.Collections.Concurrent;
using System.Text;
using IterativeDpo.Artifacts;
using IterativeDpo.Judging.Http;
using IterativeDpo.Judging.Models;

namespace IterativeDpo.Judging.Tests.Http;

/// <summary>Several nodes that ask one service, over one log of what it was asked and answered.</summary>
public sealed class SharedLedgerTests
{
    private static readonly FakeReply _yes = FakeService.Completion("yes");

    private readonly SharedLog _log = new();
    private readonly ConcurrentQueue<string> _notes = [];

    [Fact]
    public async Task AskAsync_ofManyQuestionsByThreeNodes_keepsToTheBudgetOfAll()
    {
        using var fake = new FakeService(_yes);
        var nodes = Nodes(3, ServiceSettings.Of(fake.Url) with { BudgetCalls = 10 });

        var asked = Enumerable.Range(0, 30).Select(i => AskAsync(nodes[i % 3], $"{i}")).ToArray();
        await Assert.ThrowsAsync<UserInputException>(() => Task.WhenAll(asked));

        Assert.Equal((10, 10), (fake.Requests.Count, asked.Count(task => task.IsCompletedSuccessfully)));
        Assert.Equal(20, _log.Entries.Count);

        // Who has a larger one goes on, and asks nothing again.
        var raised = Service(ServiceSettings.Of(fake.Url) with { BudgetCalls = 30 });
        await Task.WhenAll(Enumerable.Range(0, 30).Select(i => AskAsync(raised, $"{i}")));
        Assert.Equal((30, 30), (fake.Requests.Count, fake.Requests.Select(request => request.Body).Distinct().Count()));
    }

    [Fact]
    public async Task AskAsync_ofOneQuestionByThreeNodes_callsOnce()
    {
        using var fake = new FakeService(async _ =>
        {
            await Task.Delay(300);
            return _yes;
        });
        var nodes = Nodes(3, ServiceSettings.Of(fake.Url));

        var answers = await Task.WhenAll(nodes.Select(node => AskAsync(node, "one")));

        Assert.Single(fake.Requests);
        Assert.Equal(2, answers.Count(answer => answer.IsCached));
        Assert.All(answers, answer => Assert.Equal("yes", answer.Answer.Text));
    }

    [Fact]
    public async Task AskAsync_ofWhatADeadNodeHasSent_waitsForAsLongAsACallMayTake_andCountsBoth()
    {
        using var fake = new FakeService(_yes);
        using var dead = _log.Open();
        await dead.AppendAsync(0, new CallEntry(Digest.Of("one"u8).Hex, By: dead.Writer), CancellationToken.None);
        // The call itself has all its time.
        var time = new JumpingTime(TimeSpan.FromSeconds(10));
        var options = ServiceSettings.Of(fake.Url) with { Timeout = TimeSpan.FromSeconds(30), BudgetCalls = 2 };
        await using var service = new ChatService("judges.gpt", options, _log.Open, _notes.Enqueue, time);

        var answer = await AskAsync(service, "one");

        Assert.False(answer.IsCached);
        Assert.InRange(time.Waits.Sum(wait => wait.TotalSeconds), 30, 35);
        await Assert.ThrowsAsync<UserInputException>(() => AskAsync(service, "two"));
        Assert.Empty(_notes);
    }

    [Fact]
    public async Task AskAsync_whoseAnswerComesWhileNoCoordinatorIsThere_keepsIt_andSendsNothingMeanwhile()
    {
        using var fake = new FakeService(_ =>
        {
            _log.GoAway();
            return Task.FromResult(_yes);
        });
        var service = Service(ServiceSettings.Of(fake.Url));

        var first = AskAsync(service, "one");
        await WaitForAsync(() => fake.Requests.Count == 1);
        var second = AskAsync(service, "two");
        await Task.Delay(100);

        Assert.Single(fake.Requests);
        Assert.False(first.IsCompleted);
        // The work was given up: what came is kept all the same.
        await service.DisposeAsync();
        _log.ComeBack();
        Assert.Equal("yes", (await first).Answer.Text);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        Assert.True((await AskAsync(Service(ServiceSettings.Of(fake.Url)), "one")).IsCached);
        Assert.Single(fake.Requests);
    }

    [Fact]
    public async Task LoadAsync_whereNoCoordinatorIsThere_waits_outsideOfAPromptsTime()
    {
        var options = ServiceSettings.Of("http://127.0.0.1:1/v1");
        _log.GoAway();

        var load = new OpenAiModel(options, Service(options)).LoadAsync(CancellationToken.None);
        await Task.Delay(50);
        Assert.False(load.IsCompleted);

        _log.ComeBack();
        await load;
    }

    [Fact]
    public async Task AskAsync_ofAQuestionThatFails_isTriedSoOftenByAllNodesTogether_andAgainByOneThatIsStarted()
    {
        using var fake = new FakeService(new FakeReply(500, "oops"));
        var options = ServiceSettings.Of(fake.Url) with { BackOff = TimeSpan.FromMilliseconds(1) };
        var nodes = Nodes(3, options);
        // They are there before anything fails.
        await Task.WhenAll(nodes.Select(node => node.LoadAsync(CancellationToken.None)));

        await Task.WhenAll(nodes.Select(node => Assert.ThrowsAsync<JudgeModelException>(() => AskAsync(node, "one"))));
        Assert.Equal(3, fake.Requests.Count);

        await Assert.ThrowsAsync<JudgeModelException>(() => AskAsync(Service(options), "one"));
        Assert.Equal(6, fake.Requests.Count);
    }

    [Fact]
    public async Task AskAsync_whoseEntriesAreAddedButNotConfirmed_countsEachOnce()
    {
        using var fake = new FakeService(_yes);
        _log.Unheard = 2;

        await AskAsync(Service(ServiceSettings.Of(fake.Url)), "one");

        Assert.Equal(["call", "answer"], _log.Entries.Select(entry => entry.Answer is null ? "call" : "answer"));
        Assert.All(_log.Entries, entry => Assert.Equal("node 1", entry.By));
    }

    [Fact]
    public async Task AskAsync_ofAnAnswerTooLongToBeKept_isNoneAndIsPaidFor()
    {
        using var fake = new FakeService(FakeService.Completion(new string('x', ILedger.MostSharedBytes)));
        var service = Service(ServiceSettings.Of(fake.Url) with { BudgetCalls = 1 });

        var error = await Assert.ThrowsAsync<JudgeModelException>(() => AskAsync(service, "one"));

        Assert.Contains("1,048,576 bytes of an answer at most", error.Message, StringComparison.Ordinal);
        Assert.All(_log.Entries, entry => Assert.InRange(entry.ToLine().Length, 1, 1000));
        await Assert.ThrowsAsync<UserInputException>(() => AskAsync(service, "one"));
    }

    private static Task<(ChatAnswer Answer, bool IsCached)> AskAsync(ChatService service, string request) =>
        service.AskAsync(Encoding.UTF8.GetBytes(request), WantedAnswer.WholeText, CancellationToken.None);

    private static async Task WaitForAsync(Func<bool> condition)
    {
        while (!condition())
        {
            await Task.Delay(10);
        }
    }

    private ChatService[] Nodes(int count, ServiceOptions options) => [.. Enumerable.Range(0, count).Select(_ => Service(options))];

    private ChatService Service(ServiceOptions options) => new("judges.gpt", options, _log.Open, _notes.Enqueue, TimeProvider.System);
}

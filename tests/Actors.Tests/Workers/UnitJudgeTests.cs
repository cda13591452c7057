using IterativeDpo.Actors.Tests.Fakes;
using IterativeDpo.Actors.Workers;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;
using IterativeDpo.Generation;
using IterativeDpo.Judging;

namespace IterativeDpo.Actors.Tests.Workers;

public sealed class UnitJudgeTests : IDisposable
{
    private readonly CampaignFixture _campaign = new();
    private readonly CountedTimers _time = new();

    public void Dispose() => _campaign.Dispose();

    [Fact]
    public async Task DisposeAsync_withACallLeftBehind_waitsForItAndThenClosesTheJudge()
    {
        var (begun, released) = (new TaskCompletionSource(), new TaskCompletionSource());
        var unit = UnitJudge(new FakeJudge(_campaign.Log)
        {
            OnClose = () => _campaign.Log.Add("closed"),
            // Heeds no token.
            BeforePrompt = (_, _) =>
            {
                begun.TrySetResult();
                return released.Task;
            },
        });
        using var stop = new CancellationTokenSource();
        var judged = unit.JudgeAsync(Order(), stop.Token);
        await begun.Task;

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => judged);
        var closed = unit.DisposeAsync().AsTask();

        Assert.False(closed.IsCompleted);
        Assert.Equal(0, _campaign.Log.Count("closed"));
        released.SetResult();
        await closed;
        Assert.Equal(1, _campaign.Log.Count("closed"));
    }

    [Fact]
    public async Task JudgeAsync_judgeIsNotLoaded_loadsItBeforeTheTimeOutBegins()
    {
        var timers = -1;
        var unit = UnitJudge(new FakeJudge(_campaign.Log)
        {
            OnLoad = _ =>
            {
                timers = _time.Count;
                return Task.CompletedTask;
            },
        });

        await unit.JudgeAsync(Order(), default);
        await unit.DisposeAsync();

        Assert.Equal((0, 1), (timers, _time.Count));
    }

    [Fact]
    public async Task JudgeAsync_policy_before_says_how_far_it_ranks_the_samples_alike()
    {
        var (store, judge) = (Store(), new PolicyJudge());
        Digest now = store.Put("now"u8.ToArray()), before = store.Put("before"u8.ToArray());
        var unit = new UnitJudge(_campaign.Configuration.Options, store, _ => judge, TimeProvider.System);
        var samples = store.Put(stream => SampleFile.Write(stream, [new PromptSamples(
            new Prompt("p", null, "?", null, []),
            [1],
            [.. "abc".Select((letter, i) => new Sample(i, 0, [letter], [], $"{letter}", FinishReason.Eos, 0))]),
    ]));
        judge.Scores[store.PathOf(now)] = [3, 2, 1];
        judge.Scores[store.PathOf(before)] = [9, 4, 5];

        var result = await unit.JudgeAsync(new JudgeOrder(new WorkId(2, Stage.Judge, 0), samples, now, Before: new(before)), default);

        using var stream = store.OpenRead(result.Verdicts);
        var verdict = VerdictFile.Read(stream, "").Single().Verdict!;
        Assert.Equal([3.0, 2, 1], verdict.Judgements.Select(judgement => judgement.Score!.Value));
        Assert.Equal(2 / 3.0, verdict.Consistency!.Value, 12);
        Assert.Equal((2, 2), (verdict.Usage!.Calls, result.Usage!.Calls));

        // No verdict of the policy before: then there is none at all.
        judge.Scores.Remove(store.PathOf(before));
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            unit.JudgeAsync(new JudgeOrder(new WorkId(2, Stage.Judge, 0), samples, now, Before: new(before)), default));
        Assert.Contains("the judge failed on every prompt", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task JudgeAsync_ofAnchors_asksAnew_andSaysHowManyPreferencesAreThoseOfThen()
    {
        var prompts = Enumerable.Range(0, 4).Select(i => new PromptSamples(
            new Prompt($"p{i}", null, "1 + 1 =", null, [new AnswerCheck("exact", "2")]),
            [1],
            [new Sample(0, 1, [2], [-1], "2", FinishReason.Eos, 0.5f), new Sample(1, 1, [3], [-1], "3", FinishReason.Eos, 0.5f)]))
        .ToArray();
        // Of two samples the first is right; at first the judge found so in three prompts of four.
        var first = Store().Put(stream => VerdictFile.Write(stream, prompts.Select((prompt, i) =>
            new PromptVerdict(prompt.Prompt.Id, new Verdict([new(0, i == 0 ? 0 : 1, ""), new(1, i == 0 ? 1 : 0, "")])))));
        var judge = new FakeJudge(_campaign.Log);
        var unit = UnitJudge(judge);

        var result = await unit.JudgeAsync(
            new JudgeOrder(new WorkId(3, Stage.Anchor, 0), Store().Put(stream => SampleFile.Write(stream, prompts)), First: first),
            CancellationToken.None);
        await unit.DisposeAsync();

        Assert.Equal((3, 1), (result.WithFirst!.Agree, result.WithFirst.Contradict));
        Assert.Equal(3, judge.Time);
    }

    private UnitJudge UnitJudge(FakeJudge judge) => new(_campaign.Configuration.Options, Store(), _ => judge, _time);

    private ArtifactStore Store() => new(Path.Combine(_campaign.StatePath, "artifacts"));

    private JudgeOrder Order()
    {
        var prompt = new Prompt("p", null, "1 + 1 =", null, [new AnswerCheck("exact", "2")]);
        var samples = new PromptSamples(prompt, [1], [new Sample(0, 1, [2], [-1], "2", FinishReason.Eos, 0.5f)]);
        return new JudgeOrder(new WorkId(1, Stage.Judge, 0), Store().Put(stream => SampleFile.Write(stream, [samples])));
    }

    /// <summary>Has scores for each policy.</summary>
    private sealed class PolicyJudge : IJudge
    {
        private string _policy = "";

        public Dictionary<string, double[]> Scores { get; } = [];

        public string Name => "policy";

        public bool ScoresSingleSamples => true;

        public Task CheckAsync(IEnumerable<Prompt> prompts, CancellationToken cancellationToken) => Task.CompletedTask;

        public void UsePolicy(string? adapterPath) => _policy = adapterPath ?? "";

        public Task<Verdict> JudgeAsync(PromptSamples samples, CancellationToken cancellationToken) =>
            Task.FromResult(
                new Verdict(
                    [.. samples.Samples.Select(sample => new Judgement(sample.Index, Scores[_policy][sample.Index], ""))],
                    Usage: new(Calls: 1)));

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class CountedTimers : TimeProvider
    {
        public int Count { get; private set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Count++;
            return base.CreateTimer(callback, state, dueTime, period);
        }
    }
}

using IterativeDpo.Actors.Tests.Fakes;
using IterativeDpo.Actors.Workers;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;
using IterativeDpo.Generation;

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

    private UnitJudge UnitJudge(FakeJudge judge) => new(_campaign.Configuration.Options, Store(), _ => judge, _time);

    private ArtifactStore Store() => new(Path.Combine(_campaign.StatePath, "artifacts"));

    private JudgeOrder Order()
    {
        var prompt = new Prompt("p", null, "1 + 1 =", null, [new AnswerCheck("exact", "2")]);
        var samples = new PromptSamples(prompt, [1], [new Sample(0, 1, [2], [-1], "2", FinishReason.Eos, 0.5f)]);
        return new JudgeOrder(new WorkId(1, Stage.Judge, 0), Store().Put(stream => SampleFile.Write(stream, [samples])));
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

using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.TestKit.Xunit2;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Actors.Tests.Fakes;
using IterativeDpo.Actors.Workers;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Adapters;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;
using IterativeDpo.Judging;
using IterativeDpo.Training;

namespace IterativeDpo.Actors.Tests.Workers;

/// <summary>The test actor stands for all campaigns.</summary>
public sealed class WorkerActorTests : TestKit
{
    private static readonly SampleOrder Order = new(new WorkId(1, Stage.Sample, 0), null, 0, 2) { Number = 7, Campaign = "test" };
    private readonly CampaignFixture _campaign = new();

    [Fact]
    public void Worker_that_is_idle_says_that_it_is_ready_to_every_campaign_that_runs()
    {
        var generator = StartGenerator();
        Assert.Equal(new WorkerReady(WorkerRole.Generator), Expect<WorkerReady>());

        generator.Tell(new RunningCampaigns(["test", "other"]));

        FishForMessage<ShardingEnvelope>(envelope => envelope is { EntityId: "other", Message: WorkerReady });
    }

    [Fact]
    public void Order_repeated_while_it_is_in_hand_is_done_once_and_told_under_the_last_number()
    {
        using var gate = new ManualResetEventSlim();
        var generator = StartGenerator((_, token) => gate.Wait(token));

        generator.Tell(Order);
        generator.Tell(Order with { Number = 8 });
        Assert.Equal(new WorkInHand(WorkerRole.Generator, Order.Id, 8), Expect<WorkInHand>(work => work.Order == 8));
        gate.Set();

        Assert.Equal(8, Expect<CompleteWork>().Order);
        Assert.Equal(2, _campaign.Log.Count("sampled"));
    }

    [Fact]
    public void Result_is_told_again_until_it_is_settled()
    {
        var generator = StartGenerator();

        generator.Tell(Order);
        var first = Expect<CompleteWork>();
        var again = Expect<CompleteWork>();
        generator.Tell(new WorkSettled("test", 7));

        Assert.Equal(first, again);
        Expect<WorkerReady>();
        Assert.Equal(2, _campaign.Log.Count("sampled"));
    }

    [Fact]
    public void Settling_of_an_earlier_order_leaves_the_result_to_be_told()
    {
        var generator = StartGenerator();
        generator.Tell(Order with { Number = 8 });
        Expect<CompleteWork>();

        generator.Tell(new WorkSettled("test", 7));

        Assert.Equal(8, Expect<CompleteWork>().Order);
    }

    [Fact]
    public void Order_from_an_incarnation_that_was_replaced_is_not_done()
    {
        var generator = StartGenerator();
        generator.Tell(Order with { Number = 9 });
        Expect<CompleteWork>();
        generator.Tell(new WorkSettled("test", 9));
        var before = _campaign.Log.Count("sampled");

        generator.Tell(Order with { Number = 8 });

        Expect<WorkerReady>();
        Expect<WorkerReady>();
        Assert.Equal(before, _campaign.Log.Count("sampled"));
    }

    [Fact]
    public void Order_of_another_campaign_while_work_is_in_hand_is_handed_back()
    {
        using var gate = new ManualResetEventSlim();
        var generator = StartGenerator((_, token) => gate.Wait(token));
        generator.Tell(Order);

        generator.Tell(Order with { Number = 3, Campaign = "other" });

        var envelope = FishForMessage<ShardingEnvelope>(envelope => envelope.Message is WorkCancelled);
        Assert.Equal(("other", new WorkCancelled(Order.Id, 3)), (envelope.EntityId, envelope.Message));
        gate.Set();
    }

    [Fact]
    public void Cancel_gives_up_the_work_without_a_failure()
    {
        using var begun = new ManualResetEventSlim();
        var generator = StartGenerator((_, token) =>
        {
            begun.Set();
            token.WaitHandle.WaitOne();
            token.ThrowIfCancellationRequested();
        });
        generator.Tell(Order);
        begun.Wait();

        generator.Tell(new CancelWork("test", 6));
        generator.Tell(new CancelWork("test", 7));

        Assert.Equal(new WorkCancelled(Order.Id, 7), Expect<WorkCancelled>());
        Expect<WorkerReady>();
    }

    [Fact]
    public void Engine_that_crashed_is_replaced_and_the_failure_told()
    {
        var crashes = 1;
        var generator = StartGenerator((_, _) =>
        {
            if (Interlocked.Decrement(ref crashes) == 0)
            {
                throw new InvalidOperationException("crashed");
            }
        });

        generator.Tell(Order);
        var failure = Expect<FailWork>();
        generator.Tell(new WorkSettled("test", 7));
        generator.Tell(Order with { Number = 8 });
        Expect<CompleteWork>();

        Assert.Equal(new FailWork(Order.Id, "crashed", FailureKind.Transient, Order: 7), failure);
        Assert.Equal(1, _campaign.Log.Count("disposed"));
    }

    [Fact]
    public void Engine_of_one_campaign_makes_room_for_that_of_another()
    {
        var generator = StartGenerator();
        generator.Tell(Order);
        Expect<CompleteWork>();
        generator.Tell(new WorkSettled("test", 7));

        generator.Tell(Order with { Number = 1, Campaign = "other" });
        Expect<CompleteWork>(work => work.Order == 1);

        Assert.Equal(1, _campaign.Log.Count("disposed"));
    }

    [Fact]
    public void Work_in_hand_outlives_the_actor_that_speaks_for_it()
    {
        using var gate = new ManualResetEventSlim();
        var slot = Generator((_, token) => gate.Wait(token));
        var first = Start(slot);
        first.Tell(Order);
        Expect<WorkInHand>();
        Watch(first);
        Sys.Stop(first);
        FishForMessage<Terminated>(_ => true);
        gate.Set();

        Start(slot);

        Assert.Equal(7, Expect<CompleteWork>().Order);
        Assert.Equal(2, _campaign.Log.Count("sampled"));
    }

    [Fact]
    public void Artifact_that_nobody_has_is_named_in_the_failure()
    {
        var lost = Digest.Of([1]);
        var slot = new WorkSlot(
            WorkerRole.Generator,
            (_, _) => throw new ArtifactLostException(lost, "gone"),
            new OneStore(),
            TimeProvider.System,
            stepsBack: true);

        Start(slot).Tell(Order);

        Assert.Equal(lost, Expect<FailWork>().Lost);
    }

    [Fact]
    public async Task Judge_that_does_not_answer_in_time_leaves_the_prompt_to_another_and_at_last_drops_it()
    {
        _campaign.Configuration = _campaign.Configure("campaign.judging { timeout = 20ms, retries = 0, concurrency = 4 }");
        var context = _campaign.WorkerContext();
        var samples = (SampleResult)await DoAsync(new GeneratorWorker(context), Order);
        var prompts = context.Prompts.OfRound(1).Take(Order.Prompts).ToArray();
        var stuck = prompts[0].Id;
        var order = new JudgeOrder(new WorkId(1, Stage.Judge, 0), samples.Samples);
        var judge = new FakeJudge(_campaign.Log)
        {
            BeforePrompt = (prompt, _) => prompt.Prompt.Id == stuck ? new TaskCompletionSource().Task : Task.CompletedTask,
        };
        UnitJudge Judge() => new(context.Options, context.Store, _ => judge, context.Time);

        var failure = await Assert.ThrowsAsync<UnfinishedWorkException>(() => DoAsync(Judge(), order));
        var result = (JudgeResult)await DoAsync(Judge(), order with { Known = failure.Partial.Verdicts, IsLast = true });

        Assert.Contains(
            $"failed on 1 of {prompts.Length} prompts: no verdict within 00:00:00.0200000",
            failure.Message,
            StringComparison.Ordinal);
        Assert.Equal((1, 1), (failure.Partial.Dropped, result.Dropped));
        Assert.All(prompts, prompt => Assert.Equal(prompt.Id == stuck ? 2 : 1, _campaign.Log.Count($"judged {prompt.Id}")));
        using var stream = context.Store.OpenRead(result.Verdicts);
        Assert.Equal(prompts.Select(prompt => prompt.Id), VerdictFile.Read(stream, "").Select(verdict => verdict.PromptId));
    }

    [Fact]
    public async Task Publisher_does_not_hand_out_a_corrupt_adapter()
    {
        var context = _campaign.WorkerContext();
        var adapter = context.Store.Put(new byte[] { 1, 2, 3 });
        File.WriteAllText(context.Store.PathOf(adapter), "damaged");

        var error = await Assert.ThrowsAsync<StorageException>(() =>
            DoAsync(new Publisher(context), new PublishOrder(new WorkId(1, Stage.Publish, 0), adapter)));

        Assert.Contains(adapter.Hex, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Trainer_keeps_the_work_directory_of_its_round_only()
    {
        var context = _campaign.WorkerContext();
        var old = Directory.CreateDirectory(Path.Combine(context.WorkPath, "round-1"));
        var pairs = context.Store.Put(_ => { });

        await DoAsync(new TrainerWorker(context), new TrainOrder(new WorkId(2, Stage.Train, 0), [pairs], null, null, null));

        Assert.False(Directory.Exists(old.FullName));
        Assert.True(Directory.Exists(Path.Combine(context.WorkPath, "round-2")));
    }

    [Theory]
    [InlineData("sigmoid", 1)]
    [InlineData("dpo_d", 2)]
    public async Task Trainer_leaves_out_ties_of_rounds_before_a_fork_to_a_loss_that_would_take_them_for_wins(string loss, int expected)
    {
        _campaign.Configuration = _campaign.Configure($"campaign.training.loss.type = {loss}");
        var context = _campaign.WorkerContext();
        var pairs = context.Store.Put(stream =>
            PairFile.Write(stream, [new(new PreferencePair("p", [1], [2], [3])), new(new PreferencePair("q", [1], [2], [3], 0.5))]));

        await DoAsync(new TrainerWorker(context), new TrainOrder(new WorkId(2, Stage.Train, 0), [pairs], null, null, null));

        Assert.Contains($"trained 2 on {expected} pairs", _campaign.Log.Entries);
    }

    [Fact]
    public async Task Publisher_makes_the_average_from_round_to_round_and_the_same_one_again()
    {
        var context = _campaign.WorkerContext();
        var first = await PublishAsync(1, Put(context, round: 1, b: 8), new AverageOrder(null, 0.75));
        var second = await PublishAsync(2, Put(context, round: 2, b: 4), new AverageOrder(first, 0.75));

        Assert.Equal(second, await PublishAsync(2, Put(context, round: 2, b: 4), new AverageOrder(first, 0.75)));
        var average = Read(context, second);
        Assert.All(average.Maps[0].B, value => Assert.Equal(0.75f * (0.25f * 8) + 0.25f * 4, value));
        Assert.Equal((first, 2, context.BaseModel), (average.Manifest.ParentSha256, average.Manifest.Round, average.Manifest.BaseSha256));

        async Task<Digest> PublishAsync(int round, Digest adapter, AverageOrder order) =>
            ((PublishResult)await DoAsync(new Publisher(context), new PublishOrder(new WorkId(round, Stage.Publish, 0), adapter, order)))
                .Average!
                .Value;
    }

    [Fact]
    public async Task Trainer_replays_its_share_of_earlier_pairs()
    {
        var context = _campaign.WorkerContext();
        Digest Pairs(int count) => context.Store.Put(stream => PairFile.Write(
            stream, Enumerable.Range(0, count).Select(i => new PairRecord(new PreferencePair($"{count}-{i}", [1], [2], [3])))));

        await DoAsync(
            new TrainerWorker(context),
            new TrainOrder(new WorkId(2, Stage.Train, 0), [Pairs(9)], null, null, null, new ReplayOrder([Pairs(4), Pairs(5)], 0.25)));

        Assert.Contains("trained 2 on 12 pairs", _campaign.Log.Entries);
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _campaign.Dispose();
    }

    private IActorRef StartGenerator(Action<Generation.Prompt, CancellationToken>? beforePrompt = null) =>
        Start(Generator(beforePrompt ?? ((_, _) => { })));

    private WorkSlot Generator(Action<Generation.Prompt, CancellationToken> beforePrompt)
    {
        var context = _campaign.WorkerContext();
        context = context with
        {
            Engines = context.Engines with { Generator = () => new FakeGenerator(_campaign.Log) { BeforePrompt = beforePrompt } },
        };
        return new WorkSlot(
            WorkerRole.Generator,
            (_, _) => Task.FromResult(CampaignWorkers.Create(WorkerRole.Generator, context)),
            new OneStore(),
            TimeProvider.System,
            stepsBack: false);
    }

    private IActorRef Start(WorkSlot slot)
    {
        var link = new CampaignLink(TestActor);
        return Sys.ActorOf(Props.Create(() => new WorkerActor(slot, link, new[] { "test" })));
    }

    private static Task<WorkResult> DoAsync(IWorker worker, WorkOrder order) => worker.DoAsync(order, _ => { }, CancellationToken.None);

    private Digest Put(WorkerContext context, int round, float b)
    {
        var path = Path.Combine(context.WorkPath, "adapter.gguf");
        new LoraAdapter(
            1,
            1,
            new(context.BaseModel, null, "test", round, "{}"),
            [new("blk.0.attn_q.weight", [.. Enumerable.Repeat(1f, 32)], [.. Enumerable.Repeat(b, 32)])]
        ).Write(path, ConfigOf(context));
        return context.Store.PutFile(path);
    }

    private static LoraAdapter Read(WorkerContext context, Digest adapter) =>
        LoraAdapter.Read(context.Store.PathOf(adapter), ConfigOf(context), context.BaseModel);

    private static ModelConfig ConfigOf(WorkerContext context)
    {
        using var model = GgufFile.Open(context.Options.ModelPath);
        return ModelConfig.Read(model);
    }

    private T Expect<T>(Predicate<T>? isIt = null) where T : class =>
        (T)FishForMessage<ShardingEnvelope>(envelope => envelope.Message is T told && isIt?.Invoke(told) != false).Message;
}

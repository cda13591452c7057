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
using IterativeDpo.Campaigns;
using IterativeDpo.Judging;
using IterativeDpo.Training;

namespace IterativeDpo.Actors.Tests.Workers;

/// <summary>The test actor stands for the campaign.</summary>
public sealed class WorkerActorTests : TestKit
{
    private static readonly SampleOrder Order = new(new WorkId(1, Stage.Sample, 0), null, 0, 2) { Number = 7 };
    private readonly CampaignFixture _campaign = new();

    [Fact]
    public void Worker_that_is_idle_says_that_it_is_ready()
    {
        StartGenerator();

        Assert.Equal(new WorkerReady(WorkerRole.Generator), Expect<WorkerReady>());
    }

    [Fact]
    public void Order_repeated_while_it_is_in_hand_is_done_once()
    {
        using var gate = new ManualResetEventSlim();
        var generator = StartGenerator((_, token) => gate.Wait(token));

        generator.Tell(Order);
        generator.Tell(Order);
        gate.Set();
        Expect<CompleteWork>();

        Assert.Equal(2, _campaign.Log.Count("sampled"));
    }

    [Fact]
    public void Order_repeated_after_it_was_done_gets_the_result_again_without_the_work()
    {
        var generator = StartGenerator();

        generator.Tell(Order);
        var first = Expect<CompleteWork>();
        generator.Tell(Order with { Number = 8 });

        Assert.Equal((7, first with { Order = 8 }), (first.Order, Expect<CompleteWork>()));
        Assert.Equal(2, _campaign.Log.Count("sampled"));
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

        generator.Tell(new CancelWork());

        Assert.Equal(new WorkCancelled(Order.Id, 7), Expect<WorkCancelled>());
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
        generator.Tell(Order);
        Expect<CompleteWork>();

        Assert.Equal(new FailWork(Order.Id, "crashed", FailureKind.Transient, Order: 7), failure);
        Assert.Equal(1, _campaign.Log.Count("disposed"));
    }

    [Fact]
    public void Work_begun_before_a_restart_that_ends_after_it_leaves_the_order_in_hand_alone()
    {
        PairOrder[] orders = [.. new[] { 1, 2 }.Select(number => new PairOrder(new WorkId(number, Stage.Pair, 0), [], null) { Number = number })];
        var results = orders.ToDictionary(order => order.Number, _ => new TaskCompletionSource<WorkResult>());
        using var begun = new SemaphoreSlim(0);
        var work = (PairOrder order) =>
        {
            begun.Release();
            return results[order.Number].Task;
        };
        var link = new CampaignLink(TestActor, "test");
        var worker = Sys.ActorOf(Props.Create(() => new BreakableWorker(link, work)));
        worker.Tell(orders[0]);
        begun.Wait();
        worker.Tell(new BreakableWorker.Break());
        worker.Tell(orders[1]);
        begun.Wait();
        Assert.Equal(1, Expect<FailWork>().Order);

        Finish(orders[0]);
        var told = ReceiveWhile(TimeSpan.FromMilliseconds(100), message => ((ShardingEnvelope)message).Message);
        Finish(orders[1]);

        Assert.All(told, message => Assert.IsType<WorkerReady>(message));
        Assert.Equal(2, Expect<CompleteWork>().Order);

        void Finish(PairOrder order) => results[order.Number].SetResult(new PairResult(order.Id, Digest.Of([]), 0, 0, 0, 0));
    }

    [Fact]
    public void Judge_that_does_not_answer_in_time_leaves_the_prompt_to_another_and_at_last_drops_it()
    {
        _campaign.Configuration = _campaign.Configure("campaign.judging { timeout = 20ms, retries = 0, concurrency = 4 }");
        var context = _campaign.WorkerContext(TestActor);
        Sys.ActorOf(Props.Create(() => new GeneratorActor(context))).Tell(Order);
        var samples = (SampleResult)Expect<CompleteWork>().Result;
        var prompts = context.Prompts.OfRound(1).Take(Order.Prompts).ToArray();
        var stuck = prompts[0].Id;
        var order = new JudgeOrder(new WorkId(1, Stage.Judge, 0), samples.Samples);
        var judge = new FakeJudge(_campaign.Log)
        {
            BeforePrompt = (prompt, _) => prompt.Prompt.Id == stuck ? new TaskCompletionSource().Task : Task.CompletedTask,
        };
        var judging = context with { Engines = context.Engines with { Judge = _ => judge } };

        Sys.ActorOf(Props.Create(() => new JudgeActor(judging))).Tell(order);
        var failure = Expect<FailWork>();
        Sys.ActorOf(Props.Create(() => new JudgeActor(judging))).Tell(order with { Known = failure.Partial!.Verdicts, IsLast = true });
        var result = (JudgeResult)Expect<CompleteWork>().Result;

        Assert.Contains($"failed on 1 of {prompts.Length} prompts: no verdict within 00:00:00.0200000", failure.Reason, StringComparison.Ordinal);
        Assert.Equal((1, 1), (failure.Partial.Dropped, result.Dropped));
        Assert.All(prompts, prompt => Assert.Equal(prompt.Id == stuck ? 2 : 1, _campaign.Log.Count($"judged {prompt.Id}")));
        using var stream = context.Store.OpenRead(result.Verdicts);
        Assert.Equal(prompts.Select(prompt => prompt.Id), VerdictFile.Read(stream, "").Select(verdict => verdict.PromptId));
    }

    [Fact]
    public void Publisher_does_not_hand_out_a_corrupt_adapter()
    {
        var context = _campaign.WorkerContext(TestActor);
        var adapter = context.Store.Put(new byte[] { 1, 2, 3 });
        File.WriteAllText(context.Store.PathOf(adapter), "damaged");

        StartPublisher(context, TestActor).Tell(new PublishOrder(new WorkId(1, Stage.Publish, 0), adapter));

        var failure = Expect<FailWork>();
        Assert.Equal(FailureKind.Permanent, failure.Kind);
        Assert.Contains(adapter.Hex, failure.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Publisher_waits_until_the_generator_has_the_adapter_on()
    {
        var context = _campaign.WorkerContext(TestActor);
        var adapter = context.Store.Put(new byte[] { 1, 2, 3 });
        var generator = CreateTestProbe();

        StartPublisher(context, generator.Ref).Tell(new PublishOrder(new WorkId(1, Stage.Publish, 0), adapter));
        generator.ExpectMsg(new SwapAdapter(adapter));
        generator.Reply(new AdapterSwapped(adapter));

        Assert.Equal(adapter, ((PublishResult)Expect<CompleteWork>().Result).Adapter);
    }

    [Fact]
    public void Publisher_tells_why_a_generator_refused_the_adapter()
    {
        var context = _campaign.WorkerContext(TestActor);
        var adapter = context.Store.Put(new byte[] { 1, 2, 3 });
        var generator = CreateTestProbe();

        StartPublisher(context, generator.Ref).Tell(new PublishOrder(new WorkId(1, Stage.Publish, 0), adapter));
        generator.ExpectMsg<SwapAdapter>();
        generator.Reply(new AdapterRefused(adapter, "for another base"));

        Assert.Contains("for another base", Expect<FailWork>().Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Trainer_keeps_the_work_directory_of_its_round_only()
    {
        var context = _campaign.WorkerContext(TestActor);
        var old = Directory.CreateDirectory(Path.Combine(context.WorkPath, "round-1"));
        var pairs = context.Store.Put(_ => { });

        Sys.ActorOf(Props.Create(() => new TrainerActor(context))).Tell(new TrainOrder(new WorkId(2, Stage.Train, 0), [pairs], null, null, null));
        Expect<CompleteWork>();

        Assert.False(Directory.Exists(old.FullName));
        Assert.True(Directory.Exists(Path.Combine(context.WorkPath, "round-2")));
    }

    [Fact]
    public void Publisher_makes_the_average_from_round_to_round_and_the_same_one_again()
    {
        var context = _campaign.WorkerContext(TestActor);
        var first = Publish(1, Put(context, round: 1, b: 8), new AverageOrder(null, 0.75));
        var second = Publish(2, Put(context, round: 2, b: 4), new AverageOrder(first, 0.75));

        Assert.Equal(second, Publish(2, Put(context, round: 2, b: 4), new AverageOrder(first, 0.75)));
        var average = Read(context, second);
        Assert.All(average.Maps[0].B, value => Assert.Equal(0.75f * (0.25f * 8) + 0.25f * 4, value));
        Assert.Equal((first, 2, context.BaseModel), (average.Manifest.ParentSha256, average.Manifest.Round, average.Manifest.BaseSha256));

        Digest Publish(int round, Digest adapter, AverageOrder order)
        {
            var generator = CreateTestProbe();
            StartPublisher(context, generator.Ref).Tell(new PublishOrder(new WorkId(round, Stage.Publish, 0), adapter, order));
            generator.ExpectMsg<SwapAdapter>();
            generator.Reply(new AdapterSwapped(adapter));
            return ((PublishResult)Expect<CompleteWork>().Result).Average!.Value;
        }
    }

    [Fact]
    public void Trainer_replays_its_share_of_earlier_pairs()
    {
        var context = _campaign.WorkerContext(TestActor);
        Digest Pairs(int count) => context.Store.Put(stream => PairFile.Write(
            stream, Enumerable.Range(0, count).Select(i => new PairRecord(new PreferencePair($"{count}-{i}", [1], [2], [3])))));

        Sys.ActorOf(Props.Create(() => new TrainerActor(context))).Tell(
            new TrainOrder(new WorkId(2, Stage.Train, 0), [Pairs(9)], null, null, null, new ReplayOrder([Pairs(4), Pairs(5)], 0.25)));
        Expect<CompleteWork>();

        Assert.Contains("trained 2 on 12 pairs", _campaign.Log.Entries);
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _campaign.Dispose();
    }

    private IActorRef StartGenerator(Action<Generation.Prompt, CancellationToken>? beforePrompt = null)
    {
        var context = _campaign.WorkerContext(TestActor);
        var engines = context.Engines with { Generator = () => new FakeGenerator(_campaign.Log) { BeforePrompt = beforePrompt ?? ((_, _) => { }) } };
        context = context with { Engines = engines };
        return Sys.ActorOf(Props.Create(() => new GeneratorActor(context)));
    }

    private IActorRef StartPublisher(WorkerContext context, IActorRef generator) =>
        Sys.ActorOf(Props.Create(() => new PublisherActor(context, new[] { generator })));

    private Digest Put(WorkerContext context, int round, float b)
    {
        var path = Path.Combine(context.WorkPath, "adapter.gguf");
        new LoraAdapter(1, 1, new(context.BaseModel, null, "test", round, "{}"), [new("blk.0.attn_q.weight", [.. Enumerable.Repeat(1f, 32)], [.. Enumerable.Repeat(b, 32)])])
            .Write(path, ConfigOf(context));
        return context.Store.PutFile(path);
    }

    private static LoraAdapter Read(WorkerContext context, Digest adapter) =>
        LoraAdapter.Read(context.Store.PathOf(adapter), ConfigOf(context), context.BaseModel);

    private static ModelConfig ConfigOf(WorkerContext context)
    {
        using var model = GgufFile.Open(context.Options.ModelPath);
        return ModelConfig.Read(model);
    }

    private sealed class BreakableWorker : WorkerActor
    {
        public BreakableWorker(CampaignLink campaign, Func<PairOrder, Task<WorkResult>> work) : base(WorkerRole.Pairer, campaign)
        {
            Do<PairOrder>((order, _) => work(order));
            Receive<Break>(_ => throw new InvalidOperationException("broken"));
        }

        public sealed record Break;
    }

    private T Expect<T>() where T : class =>
        (T)FishForMessage<ShardingEnvelope>(envelope => envelope.Message is T).Message;
}

using Akka.Actor;

namespace IterativeDpo.Actors.Workers;

/// <summary>
/// Supervises this node's workers: one that fails is restarted a few times, then stopped, and made anew after a pause.
/// </summary>
public sealed class WorkersActor : ReceiveActor, IWithTimers
{
    private const int MaxRestarts = 3;
    private static readonly TimeSpan RestartWindow = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    private readonly Dictionary<string, Props> _props;

    public WorkersActor(WorkerContext context)
    {
        // The publisher finds the generator by its place, so that it need not know when that one was made anew.
        var generator = Context.ActorSelection($"{Self.Path}/generator");
        _props = new Dictionary<string, Props>
        {
            ["generator"] = Props.Create(() => new GeneratorActor(context)),
            ["judge"] = Props.Create(() => new JudgeActor(context)),
            ["pairer"] = Props.Create(() => new PairActor(context)),
            ["trainer"] = Props.Create(() => new TrainerActor(context)),
            ["publisher"] = Props.Create(() => new PublisherActor(context, new[] { generator })),
        };

        Receive<Terminated>(terminated => Timers.StartSingleTimer(
            terminated.ActorRef.Path.Name, new Recreate(terminated.ActorRef.Path.Name), Pause));
        Receive<Recreate>(recreate => Start(recreate.Worker));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        foreach (var worker in _props.Keys)
        {
            Start(worker);
        }
    }

    protected override SupervisorStrategy SupervisorStrategy() =>
        new OneForOneStrategy(MaxRestarts, RestartWindow, _ => Directive.Restart);

    private void Start(string worker) => Context.Watch(Context.ActorOf(_props[worker], worker));

    private sealed record Recreate(string Worker);
}

using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors.Workers;

/// <summary>Judges units of samples by <see cref="UnitJudge"/>.</summary>
public sealed class JudgeActor : WorkerActor
{
    private readonly UnitJudge _judge;

    public JudgeActor(WorkerContext context) : base(WorkerRole.Judge, context.Campaign)
    {
        _judge = new UnitJudge(context.Options, context.Store, context.Engines.Judge, context.Time);

        Do<JudgeOrder>(async (order, cancellationToken) => await _judge.JudgeAsync(order, cancellationToken));
    }

    protected override void PostStop()
    {
        base.PostStop();
        // Nothing waits for it: it ends when the judges have come to rest.
        _ = _judge.CloseAsync();
    }
}

using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors.Workers;

/// <summary>Selects rounds' preference pairs by <see cref="RoundPairs"/>.</summary>
public sealed class PairActor : WorkerActor
{
    public PairActor(WorkerContext context) : base(WorkerRole.Pairer, context.Campaign)
    {
        var pairs = new RoundPairs(context.Options, context.Store, context.BaseModel, context.JudgeIdentity, context.Time);

        Do<PairOrder>((order, _) => Task.FromResult<WorkResult>(pairs.Select(order)));
    }
}

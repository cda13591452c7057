using IterativeDpo.Actors.Protocol;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors.Workers;

/// <summary>Does the work of one role of one campaign, a unit at a time. It knows no actors.</summary>
public interface IWorker : IAsyncDisposable
{
    /// <param name="report">Told how far it is, <see cref="WorkProgress"/> or <see cref="CheckpointWork"/>, on any thread.</param>
    /// <exception cref="UnfinishedWorkException">Some of the work could not be done.</exception>
    Task<WorkResult> DoAsync(WorkOrder order, Action<ICampaignMessage> report, CancellationToken cancellationToken);
}

/// <summary>Makes workers by their role.</summary>
internal static class CampaignWorkers
{
    public static IWorker Create(WorkerRole role, WorkerContext context) => role switch
    {
        WorkerRole.Generator => new GeneratorWorker(context),
        WorkerRole.Judge => new UnitJudge(context.Options, context.Store, context.Engines.Judge, context.Time),
        WorkerRole.Pairer => new RoundPairs(context.Options, context.Store, context.BaseModel, context.JudgeIdentity, context.Time),
        WorkerRole.Trainer => new TrainerWorker(context),
        _ => new Publisher(context),
    };
}

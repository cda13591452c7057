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
    public static IWorker Create(WorkerRole role, WorkerContext context) => new NotingWorker(Of(role, context), context.Engines.Machine);

    private static IWorker Of(WorkerRole role, WorkerContext context) => role switch
    {
        WorkerRole.Generator => new GeneratorWorker(context),
        WorkerRole.Judge => new UnitJudge(context.Options, context.Store, context.Engines.Judge, context.Time, context.JudgingSlots),
        WorkerRole.Pairer => new RoundPairs(
            context.Options,
            context.Store,
            context.BaseModel,
            context.JudgeIdentity,
            context.Time,
            context.Engines.People),
        WorkerRole.Trainer => new TrainerWorker(context),
        _ => new Publisher(context),
    };

    /// <summary>Notes with each result what it was computed on.</summary>
    private sealed class NotingWorker(IWorker worker, string? machine) : IWorker
    {
        public async Task<WorkResult> DoAsync(WorkOrder order, Action<ICampaignMessage> report, CancellationToken cancellationToken)
        {
            try
            {
                return await worker.DoAsync(order, report, cancellationToken) with { Machine = machine };
            }
            catch (UnfinishedWorkException e)
            {
                throw new UnfinishedWorkException(e.Message, e.Partial with { Machine = machine });
            }
        }

        public ValueTask DisposeAsync() => worker.DisposeAsync();
    }
}

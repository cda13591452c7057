using System.Text.Json;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Adapters;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors.Workers;

/// <summary>
/// Checks a stored adapter, and takes it into the average of adapters where there is one. Once its result is journalled, what is sampled
/// next is sampled with it: each order names its adapter.
/// </summary>
internal sealed class Publisher(WorkerContext context) : IWorker
{
    public Task<WorkResult> DoAsync(WorkOrder order, Action<ICampaignMessage> report, CancellationToken cancellationToken) =>
        Task.FromResult<WorkResult>(Publish((PublishOrder)order));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private PublishResult Publish(PublishOrder order)
    {
        var start = context.Time.GetTimestamp();
        context.Store.Verified(order.Adapter);
        var average = order.Average is { } ordered ? Average(order, ordered) : (Digest?)null;
        return new PublishResult(order.Id, order.Adapter, context.Time.GetElapsedTime(start).TotalSeconds, average);
    }

    /// <summary>
    /// Stores the average with the adapter in it: the same orders give the same bytes, so a repeated one stores nothing new.
    /// </summary>
    private Digest Average(PublishOrder order, AverageOrder average)
    {
        var manifest = new AdapterManifest(
            context.BaseModel,
            average.Previous,
            context.Options.Name,
            order.Id.Round,
            JsonSerializer.Serialize(new { reference_ema_decay = average.Decay, adapter = order.Adapter.Hex }));
        var path = Path.Combine(context.WorkPath, $"round-{order.Id.Round}", "reference-ema.gguf");
        AdapterAverage.Write(
            path,
            context.Options.ModelPath,
            average.Previous is { } previous ? context.Store.Verified(previous) : null,
            context.Store.Verified(order.Adapter),
            average.Decay,
            manifest);
        return context.Store.PutFile(path);
    }
}

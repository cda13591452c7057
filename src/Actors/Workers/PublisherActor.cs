using System.Text.Json;
using Akka.Actor;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Adapters;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors.Workers;

/// <summary>Checks a stored adapter and has every generator take it up. It counts as published when all have it on.</summary>
public sealed class PublisherActor : WorkerActor
{
    private static readonly TimeSpan SwapTimeout = TimeSpan.FromSeconds(60);

    private readonly WorkerContext _context;
    private readonly IReadOnlyList<ICanTell> _generators;

    public PublisherActor(WorkerContext context, IReadOnlyList<ICanTell> generators) : base(WorkerRole.Publisher, context.Campaign)
    {
        _context = context;
        _generators = generators;

        Do<PublishOrder>(PublishAsync);
    }

    private async Task<WorkResult> PublishAsync(PublishOrder order, CancellationToken cancellationToken)
    {
        var start = _context.Time.GetTimestamp();
        _context.Store.Verified(order.Adapter);
        var swap = new SwapAdapter(order.Adapter);
        var replies = await Task.WhenAll(
            _generators.Select(generator => generator.Ask<ICampaignMessage>(swap, SwapTimeout, cancellationToken)));
        if (replies.OfType<AdapterRefused>().FirstOrDefault() is { } refused)
        {
            throw new InvalidOperationException($"a generator cannot use the adapter: {refused.Reason}");
        }
        var average = order.Average is { } ordered ? Average(order, ordered) : (Digest?)null;
        return new PublishResult(order.Id, order.Adapter, _context.Time.GetElapsedTime(start).TotalSeconds, average);
    }

    /// <summary>Stores the average with the adapter in it: the same orders give the same bytes, so a repeated one stores nothing new.</summary>
    private Digest Average(PublishOrder order, AverageOrder average)
    {
        var manifest = new AdapterManifest(
            _context.BaseModel,
            average.Previous,
            _context.Options.Name,
            order.Id.Round,
            JsonSerializer.Serialize(new { reference_ema_decay = average.Decay, adapter = order.Adapter.Hex }));
        var path = Path.Combine(_context.WorkPath, $"round-{order.Id.Round}", "reference-ema.gguf");
        AdapterAverage.Write(
            path,
            _context.Options.ModelPath,
            average.Previous is { } previous ? _context.Store.Verified(previous) : null,
            _context.Store.Verified(order.Adapter),
            average.Decay,
            manifest);
        return _context.Store.PutFile(path);
    }
}

using Akka.Actor;
using IterativeDpo.Actors.Protocol;

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
        _context.Store.Verify(order.Adapter);
        var swap = new SwapAdapter(order.Adapter);
        var replies = await Task.WhenAll(
            _generators.Select(generator => generator.Ask<IClusterMessage>(swap, SwapTimeout, cancellationToken)));
        if (replies.OfType<AdapterRefused>().FirstOrDefault() is { } refused)
        {
            throw new InvalidOperationException($"a generator cannot use the adapter: {refused.Reason}");
        }
        return new PublishResult(order.Id, order.Adapter, _context.Time.GetElapsedTime(start).TotalSeconds);
    }
}

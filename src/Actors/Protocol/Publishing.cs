using IterativeDpo.Artifacts;

namespace IterativeDpo.Actors.Protocol;

/// <summary>Checks the stored adapter and puts it on every generator.</summary>
/// <param name="Average">The average of adapters that it is to be taken into; null is none.</param>
public sealed record PublishOrder(WorkId Id, Digest Adapter, AverageOrder? Average = null) : WorkOrder(Id);

/// <summary>Takes an adapter into the moving average: average ← decay · average + (1 − decay) · adapter.</summary>
/// <param name="Previous">The average so far; null is the base.</param>
public sealed record AverageOrder(Digest? Previous, double Decay);

/// <param name="Average">The stored average with this adapter in it, where one was ordered.</param>
public sealed record PublishResult(WorkId Id, Digest Adapter, double Seconds, Digest? Average = null) : WorkResult(Id, Seconds);

/// <summary>To a generator: complete with this adapter from now on.</summary>
public sealed record SwapAdapter(Digest Adapter) : IClusterMessage;

/// <summary>From a generator: the adapter is on.</summary>
public sealed record AdapterSwapped(Digest Adapter) : IClusterMessage;

/// <summary>From a generator: the adapter could not be put on.</summary>
public sealed record AdapterRefused(Digest Adapter, string Reason) : IClusterMessage;

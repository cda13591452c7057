using IterativeDpo.Artifacts;

namespace IterativeDpo.Actors.Protocol;

/// <summary>Checks the stored adapter and puts it on every generator.</summary>
public sealed record PublishOrder(WorkId Id, Digest Adapter) : WorkOrder(Id);

public sealed record PublishResult(WorkId Id, Digest Adapter, double Seconds) : WorkResult(Id, Seconds);

/// <summary>To a generator: complete with this adapter from now on.</summary>
public sealed record SwapAdapter(Digest Adapter) : IClusterMessage;

/// <summary>From a generator: the adapter is on.</summary>
public sealed record AdapterSwapped(Digest Adapter) : IClusterMessage;

/// <summary>From a generator: the adapter could not be put on.</summary>
public sealed record AdapterRefused(Digest Adapter, string Reason) : IClusterMessage;

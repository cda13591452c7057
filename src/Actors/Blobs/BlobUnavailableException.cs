namespace IterativeDpo.Actors.Blobs;

/// <summary>An artifact could not be fetched or given to anybody for now: nodes are down or busy. The same may well work later.</summary>
public sealed class BlobUnavailableException(string message) : Exception(message);

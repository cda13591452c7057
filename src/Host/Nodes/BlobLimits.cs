namespace IterativeDpo.Host.Nodes;

/// <summary>What a node takes from others.</summary>
/// <param name="MaxBytes">Most bytes of one artifact.</param>
/// <param name="Uploads">Most artifacts at a time.</param>
public sealed record BlobLimits(long MaxBytes = 8L << 30, int Uploads = 8);

using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IterativeDpo.Artifacts;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// Names what a run computes by everything that its bits depend on, so that a stored reference or checkpoint is never
/// taken for another's.
/// </summary>
internal sealed class RunIdentity
{
    public RunIdentity(TrainingRequest request, Digest baseDigest, IReadOnlyList<PreferencePair> pairs)
    {
        var options = request.Options;
        var pairDigest = DigestOf(pairs);
        var reference = DigestOf(request.ReferenceAdapterPath);
        Reference = Name(baseDigest, reference, pairDigest, options.MaxLength, options.MicroBatchTokens, options.ComputeType, options.Threads);
        Run = Name(Reference, DigestOf(request.InitialAdapterPath), request.Seed, JsonSerializer.Serialize(options));
    }

    /// <summary>Identifies the reference's log-probs.</summary>
    public string Reference { get; }

    /// <summary>Identifies the training run.</summary>
    public string Run { get; }

    private static string DigestOf(string? path) => path is null ? "none" : Digest.OfFile(path).Hex;

    private static string Name(params object[] parts) => Digest.Of(Encoding.UTF8.GetBytes(string.Join('\n', parts))).Short;

    private static string DigestOf(IReadOnlyList<PreferencePair> pairs)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var pair in pairs)
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{pair.PromptId}\n{pair.ChosenProbability:R}\n"));
            foreach (var ids in new[] { pair.PromptIds, pair.ChosenIds, pair.RejectedIds })
            {
                hash.AppendData(BitConverter.GetBytes(ids.Length));
                hash.AppendData(MemoryMarshal.AsBytes(ids.AsSpan()));
            }
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

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
    public RunIdentity(TrainingRequest request, Digest baseDigest, IReadOnlyList<ITrainingExample> examples)
    {
        var options = request.Options;
        var examplesDigest = DigestOf(examples);
        var reference = DigestOf(request.ReferenceAdapterPath);
        Reference = Name(baseDigest, reference, examplesDigest, options.MaxLength, options.MicroBatchTokens, options.Loss.LdAlpha, options.ComputeType, options.Threads);
        Run = Name(Reference, DigestOf(request.InitialAdapterPath), request.Seed, JsonSerializer.Serialize(options));
    }

    /// <summary>Identifies the reference's log-probs.</summary>
    public string Reference { get; }

    /// <summary>Identifies the training run.</summary>
    public string Run { get; }

    private static string DigestOf(string? path) => path is null ? "none" : Digest.OfFile(path).Hex;

    private static string Name(params object[] parts) => Digest.Of(Encoding.UTF8.GetBytes(string.Join('\n', parts))).Short;

    private static string DigestOf(IReadOnlyList<ITrainingExample> examples)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var example in examples)
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{example.GetType().Name}\n{example.PromptId}\n{example.Label:R}\n"));
            foreach (var ids in new[] { example.PromptIds, example.First, example.Second })
            {
                hash.AppendData(BitConverter.GetBytes(ids.Length));
                hash.AppendData(MemoryMarshal.AsBytes(ids.AsSpan()));
            }
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IterativeDpo.Artifacts;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// Names what a run computes by everything that it depends on, so that a stored reference or checkpoint is never taken for another's. The
/// names are keys of <see cref="StateFile"/>; files are called by their digests. The number of threads, which changes the order of sums, is
/// left out: it goes by the machine, and a run that is moved to another goes on, if to slightly other bits.
/// </summary>
internal sealed class RunIdentity
{
    /// <param name="examples">All the examples in use, in their order; their ids carry template and truncation.</param>
    /// <param name="device">What computes: LibTorch's version, the device, and the version of our own loops.</param>
    public RunIdentity(TrainingRequest request, Digest baseDigest, IReadOnlyList<ITrainingExample> examples, string device)
    {
        var options = request.Options;
        Reference = FormattableString.Invariant($"""
            reference log-probs
            base {baseDigest}, {(options.Lora is null ? "trained in float32" : "frozen")}
            reference adapter {DigestOf(request.ReferenceAdapterPath)}
            examples {DigestOf(examples)}
            max length {options.MaxLength}
            ld alpha {options.Loss.LdAlpha:R}
            compute type {options.ComputeType}
            micro-batch tokens {options.MicroBatchTokens}
            device {device}
            """);
        Run = FormattableString.Invariant($"""
            training run, steps in a log
            initial adapter {DigestOf(request.InitialAdapterPath)}
            seed {request.Seed} {request.SplitSeed}
            options {JsonSerializer.Serialize(options with { Threads = 0, CheckpointSteps = 0 })}
            {Reference}
            """);
    }

    /// <summary>Identifies the reference's log-probs.</summary>
    public string Reference { get; }

    /// <summary>Identifies the training run.</summary>
    public string Run { get; }

    /// <summary>A key's part of a file name.</summary>
    public static string Short(string key) => Digest.Of(Encoding.UTF8.GetBytes(key)).Short;

    private static string DigestOf(string? path) => path is null ? "none" : Digest.OfFile(path).Hex;

    private static string DigestOf(IReadOnlyList<ITrainingExample> examples)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var example in examples)
        {
            hash.AppendData(
                Encoding.UTF8.GetBytes(FormattableString.Invariant($"{example.GetType().Name}\n{example.PromptId}\n{example.Label:R}\n")));
            foreach (var ids in new[] { example.PromptIds, example.First, example.Second })
            {
                hash.AppendData(BitConverter.GetBytes(ids.Length));
                hash.AppendData(MemoryMarshal.AsBytes(ids.AsSpan()));
            }
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

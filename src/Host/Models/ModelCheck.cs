using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Generation;
using IterativeDpo.Generation.Llama;
using IterativeDpo.Training;
using IterativeDpo.Training.Torch;

namespace IterativeDpo.Host.Models;

/// <summary>What came of computing some tokens by llama.cpp and by the trainer.</summary>
/// <param name="Tokens">How many.</param>
/// <param name="MaxAbsDiff">The greatest difference of two logits; null where one is not finite.</param>
/// <param name="Limit">What it may be; it follows from how far logits lie apart, and from what the weights are stored as.</param>
internal sealed record ModelCheck(int Tokens, float? MaxAbsDiff, float Limit)
{
    private const int DefaultTokens = 64;

    public bool Agrees => MaxAbsDiff <= Limit;

    /// <summary>Computes the tokens both ways.</summary>
    /// <returns>The check, and the trainer's logits after each token, [tokens][vocabulary].</returns>
    /// <exception cref="UserInputException">llama.cpp does not load the model.</exception>
    public static (ModelCheck Check, float[][] Logits) Run(GgufFile file, ModelConfig config, int[] ids, int threads)
    {
        var expected = LlamaLogits.Compute(file.Path, ids, threads);
        // A model in half precision takes twice its size in float32.
        var fits = file.Tensors.Values.Sum(tensor => (long)tensor.Elements) * 4 < MemoryEstimate.AvailableBytes;
        var actual = TorchLogits.Compute(file.Path, ids, fits ? ComputeType.Float32 : ComputeType.BFloat16, threads);
        var worst = expected.Zip(actual, (one, other) => one.Zip(other, (x, y) => MathF.Abs(x - y)).Max()).Max();
        var finite = expected.Concat(actual).All(row => Array.TrueForAll(row, float.IsFinite));
        return (new(ids.Length, finite ? worst : null, Share(file, config, fits) * (float)expected.Average(Spread)), actual);
    }

    /// <summary>Tokens of every kind, the same for models of one vocabulary.</summary>
    public static int[] TokensOf(ModelConfig config, int most = DefaultTokens) =>
        [
            .. Enumerable
                .Range(0, Math.Min(most, config.LongestContext))
                .Select(i => (int)(SampleSeed.Mix((ulong)i) % (ulong)config.VocabSize)),
        ];

    /// <summary>
    /// Of the logits' spread. llama.cpp rounds what it multiplies with the weights to half precision or to eight bits where these are so.
    /// </summary>
    private static float Share(GgufFile file, ModelConfig config, bool float32)
    {
        var types = file.Tensors.Values.Select(tensor => tensor.Type).ToHashSet();
        return !float32 || types.Any(type => type.BlockLength() > 1) ? 0.3f
            : types.Any(type => type != TensorType.F32) || config.Architecture.Gate == GateKind.Gelu ? 0.05f
            : 0.005f;
    }

    /// <summary>Standard deviation.</summary>
    private static double Spread(float[] logits)
    {
        var mean = logits.Average(logit => (double)logit);
        return Math.Sqrt(logits.Average(logit => (logit - mean) * (logit - mean)));
    }
}

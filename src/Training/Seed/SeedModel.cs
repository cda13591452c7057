using IterativeDpo.Artifacts.Models;
using IterativeDpo.Generation;

namespace IterativeDpo.Training.Seed;

/// <summary>The seed policy's shape, 806,016 parameters, and its first weights.</summary>
internal static class SeedModel
{
    // Small enough to learn its tasks in minutes; the low RoPE base suits texts of a hundred bytes.
    public static ModelConfig Config { get; } = new(
        ModelArchitecture.Named("llama"),
        Layers: 4,
        Dim: 128,
        Heads: 4,
        KvHeads: 2,
        HeadDim: 32,
        FeedForwardDim: 352,
        RmsEps: 1e-5f,
        RopeBase: 1000,
        RopeDim: 32,
        ContextLength: 256,
        ByteVocabulary.Size,
        TiedEmbeddings: false);

    /// <summary>
    /// A tensor's first values: norms are 1, the embedding has a deviation of 0.5 and maps 0.6/√in, a tenth of that where they write
    /// to the residual stream or to the logits, so that the first steps change little.
    /// </summary>
    public static float[] InitialValues(string name, ulong seed)
    {
        var shape = Config.ListTensors().First(tensor => tensor.Name == name).Shape;
        var values = new float[shape.Aggregate((product, size) => product * size)];
        if (shape.Length == 1)
        {
            Array.Fill(values, 1);
            return values;
        }
        var random = new SplitMix64(SampleSeed.Derive(seed, 0, name, 0));
        var deviation = Deviation(name, columns: shape[1]);
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = (float)(deviation * Normal(random));
        }
        return values;
    }

    private static double Deviation(string name, int columns)
    {
        if (name == ModelConfig.Embedding)
        {
            return 0.5;
        }
        var small =
            name == ModelConfig.Output
            || name.EndsWith("attn_output.weight", StringComparison.Ordinal)
            || name.EndsWith("ffn_down.weight", StringComparison.Ordinal);
        return 0.6 / Math.Sqrt(columns) * (small ? 0.1 : 1);
    }

    // Box–Muller; 1 − u is never 0.
    private static double Normal(SplitMix64 random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}

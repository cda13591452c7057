using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Generation;

namespace IterativeDpo.Training.Tests.Torch;

/// <summary>Quantised matrices of random blocks.</summary>
internal static class QuantisedBlocks
{
    /// <param name="scale">The blocks' half-precision scales are between half of it and nearly twice it; MXFP4's are any.</param>
    public static byte[] Random(TensorType type, int count, double scale)
    {
        var blockBytes = type.BlockBytes();
        var bytes = new byte[blockBytes * count];
        ulong seed = 5;
        for (var i = 0; i < bytes.Length; i++)
        {
            seed = SampleSeed.Mix(seed);
            bytes[i] = (byte)(seed >> 40);
        }
        int[] halves = type switch { TensorType.Q4_K => [0, 2], TensorType.Q6_K => [208], TensorType.MXFP4 => [], _ => [0] };
        for (var block = 0; block < count; block++)
        {
            foreach (var at in halves)
            {
                BitConverter.TryWriteBytes(
                    bytes.AsSpan(block * blockBytes + at),
                    (Half)(scale * (0.5 + bytes[block * blockBytes + 20] / 200.0)));
            }
        }
        return bytes;
    }
}

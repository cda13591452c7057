using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace IterativeDpo.Artifacts.Gguf;

/// <summary>Decodes stored tensors to float32. Quantised values equal ggml's reference formulas exactly.</summary>
public static class TensorDecoder
{
    /// <summary>Both spans hold the same whole number of blocks.</summary>
    public static void Decode(TensorType type, ReadOnlySpan<byte> source, Span<float> destination)
    {
        switch (type)
        {
            case TensorType.F32: MemoryMarshal.Cast<byte, float>(source).CopyTo(destination); break;
            case TensorType.F16: TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(source), destination); break;
            case TensorType.BF16: DecodeBFloat16(MemoryMarshal.Cast<byte, ushort>(source), destination); break;
            default: DecodeBlocks(type, source, destination); break;
        }
    }

    private static void DecodeBlocks(TensorType type, ReadOnlySpan<byte> source, Span<float> destination)
    {
        var (bytes, length) = (type.BlockBytes(), type.BlockLength());
        for (; source.Length > 0; source = source[bytes..], destination = destination[length..])
        {
            switch (type)
            {
                case TensorType.Q8_0: DecodeQ8_0(source[..bytes], destination); break;
                case TensorType.Q4_0: DecodeQ4_0(source[..bytes], destination); break;
                case TensorType.Q4_K: KQuants.DecodeQ4(source[..bytes], destination); break;
                case TensorType.Q6_K: KQuants.DecodeQ6(source[..bytes], destination); break;
                default: DecodeParts(type, source[..bytes], destination[..length]); break;
            }
        }
    }

    private static void DecodeParts(TensorType type, ReadOnlySpan<byte> block, Span<float> x)
    {
        Span<sbyte> q = stackalloc sbyte[x.Length];
        Span<sbyte> scales = stackalloc sbyte[16], minima = stackalloc sbyte[16];
        var size = QuantBlocks.SubBlockOf(type);
        scales.Fill(1);
        minima.Clear();
        var (d, dmin) = QuantBlocks.Unpack(type, block, q, scales, minima);
        for (var i = 0; i < x.Length; i += 16)
        {
            var sub = i / size;
            StoreScaled(Vector128.Create((ReadOnlySpan<sbyte>)q[i..]), d * scales[sub], dmin * minima[sub], x[i..]);
        }
    }

    // A bfloat16 is the upper half of a float32.
    private static void DecodeBFloat16(ReadOnlySpan<ushort> source, Span<float> destination)
    {
        var bits = MemoryMarshal.Cast<float, uint>(destination);
        var i = 0;
        for (; i <= source.Length - Vector256<ushort>.Count; i += Vector256<ushort>.Count)
        {
            var (low, high) = Vector256.Widen(Vector256.Create(source[i..]));
            (low << 16).CopyTo(bits[i..]);
            (high << 16).CopyTo(bits[(i + Vector256<uint>.Count)..]);
        }
        for (; i < source.Length; i++) bits[i] = (uint)source[i] << 16;
    }

    // { half d; int8 q[32] }: x = d q
    private static void DecodeQ8_0(ReadOnlySpan<byte> block, Span<float> x)
    {
        var d = ReadHalf(block);
        for (var i = 0; i < 32; i += 16) StoreScaled(Vector128.Create(block[(2 + i)..]).AsSByte(), d, 0, x[i..]);
    }

    // { half d; byte q[16] }: low nibbles are values 0 to 15, high ones 16 to 31; x = d (q - 8)
    private static void DecodeQ4_0(ReadOnlySpan<byte> block, Span<float> x)
    {
        var d = ReadHalf(block);
        var q = Vector128.Create(block[2..]);
        var eight = Vector128.Create((sbyte)8);
        StoreScaled((q & Vector128.Create((byte)0x0F)).AsSByte() - eight, d, 0, x);
        StoreScaled((q >> 4).AsSByte() - eight, d, 0, x[16..]);
    }

    internal static float ReadHalf(ReadOnlySpan<byte> bytes) => (float)MemoryMarshal.Read<Half>(bytes);

    /// <summary>x[i] = scale q[i] - minimum, for 16 values.</summary>
    internal static void StoreScaled(Vector128<sbyte> q, float scale, float minimum, Span<float> x)
    {
        var (low, high) = Vector128.Widen(q);
        var (a, b) = Vector128.Widen(low);
        var (c, d) = Vector128.Widen(high);
        var (s, m) = (Vector128.Create(scale), Vector128.Create(minimum));
        (Vector128.ConvertToSingle(a) * s - m).CopyTo(x);
        (Vector128.ConvertToSingle(b) * s - m).CopyTo(x[4..]);
        (Vector128.ConvertToSingle(c) * s - m).CopyTo(x[8..]);
        (Vector128.ConvertToSingle(d) * s - m).CopyTo(x[12..]);
    }
}

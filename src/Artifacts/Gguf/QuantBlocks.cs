using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace IterativeDpo.Artifacts.Gguf;

/// <summary>
/// Blocks of the quantised types that ggml decodes value by value, taken apart: x = d · scale · q − dmin · minimum, with a scale and a
/// minimum for each sub-block where the type has them. Fields are named as in ggml's structures.
/// </summary>
public static class QuantBlocks
{
    // What the four bits of IQ4 and MXFP4 stand for.
    private static readonly sbyte[] s_uneven = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];
    private static readonly sbyte[] s_float4 = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];

    /// <summary>What the four bits of MXFP4 stand for, doubled.</summary>
    public static ReadOnlySpan<sbyte> Float4 => s_float4;

    /// <summary>Values under one scale; 0: the type is none of those that are taken apart here.</summary>
    public static int SubBlockOf(TensorType type) => type switch
    {
        TensorType.Q4_1
        or TensorType.Q5_0
        or TensorType.Q5_1
        or TensorType.IQ4_NL
        or TensorType.IQ4_XS
        or TensorType.MXFP4
        or TensorType.Q5_K => 32,
        TensorType.Q2_K or TensorType.Q3_K => 16,
        _ => 0,
    };

    public static bool HasScales(TensorType type) => type is TensorType.Q2_K or TensorType.Q3_K or TensorType.Q5_K or TensorType.IQ4_XS;

    /// <summary>Without scales the one minimum is 1.</summary>
    public static bool HasMinima(TensorType type) => type is TensorType.Q4_1 or TensorType.Q5_1 or TensorType.Q2_K or TensorType.Q5_K;

    /// <param name="q">One for each value of the block.</param>
    /// <param name="scales">One for each sub-block; not written where the type has none, as <paramref name="minima"/>.</param>
    public static (float D, float DMin) Unpack(
        TensorType type,
        ReadOnlySpan<byte> block,
        Span<sbyte> q,
        Span<sbyte> scales,
        Span<sbyte> minima)
    {
        switch (type)
        {
            // { half d; half m; byte qs[16] }
            case TensorType.Q4_1:
                Nibbles(block[4..], q);
                minima[0] = 1;
                return (Half(block), -Half(block[2..]));
            // { half d; byte qh[4]; byte qs[16] }: values less 16
            case TensorType.Q5_0:
                Nibbles(block[6..], q);
                AddFifthBits(block[2..], q, less: 16);
                return (Half(block), 0);
            // { half d; half m; byte qh[4]; byte qs[16] }
            case TensorType.Q5_1:
                Nibbles(block[8..], q);
                AddFifthBits(block[4..], q, less: 0);
                minima[0] = 1;
                return (Half(block), -Half(block[2..]));
            // { half d; byte qs[16] }
            case TensorType.IQ4_NL:
                Nibbles(block[2..], q);
                Look(s_uneven, q);
                return (Half(block), 0);
            // { byte e; byte qs[16] }: a power of two, halved as the values are doubled
            case TensorType.MXFP4:
                Nibbles(block[1..], q);
                Look(s_float4, q);
                return (MathF.ScaleB(1, block[0] - 128), 0);
            case TensorType.IQ4_XS: return UnpackIQ4(block, q, scales);
            case TensorType.Q2_K: return UnpackQ2(block, q, scales, minima);
            case TensorType.Q3_K: return UnpackQ3(block, q, scales);
            case TensorType.Q5_K: return UnpackQ5(block, q, scales, minima);
            default: throw new ArgumentOutOfRangeException(nameof(type), type, "not a block type that is taken apart");
        }
    }

    // { half d; ushort scales_h; byte scales_l[4]; byte qs[128] }: scales of six bits, less 32
    private static (float, float) UnpackIQ4(ReadOnlySpan<byte> block, Span<sbyte> q, Span<sbyte> scales)
    {
        var high = BinaryPrimitives.ReadUInt16LittleEndian(block[2..]);
        for (var sub = 0; sub < 8; sub++)
        {
            scales[sub] = (sbyte)((((block[4 + sub / 2] >> (4 * (sub % 2))) & 15) | (((high >> (2 * sub)) & 3) << 4)) - 32);
            Nibbles(block[(8 + 16 * sub)..], q[(32 * sub)..]);
        }
        Look(s_uneven, q);
        return (Half(block), 0);
    }

    // { byte scales[16]; byte qs[64]; half d; half dmin }: scale and minimum in a byte; 32 bytes of qs hold four times 32 values
    private static (float, float) UnpackQ2(ReadOnlySpan<byte> block, Span<sbyte> q, Span<sbyte> scales, Span<sbyte> minima)
    {
        for (var sub = 0; sub < 16; sub++) (scales[sub], minima[sub]) = ((sbyte)(block[sub] & 15), (sbyte)(block[sub] >> 4));
        for (var i = 0; i < 256; i++) q[i] = TwoBits(block[16..], i);
        return (Half(block[80..]), Half(block[82..]));
    }

    // { byte hmask[32]; byte qs[64]; byte scales[12]; half d }: a third bit, without which a value is less by 4; scales of six bits, less
    // 32
    private static (float, float) UnpackQ3(ReadOnlySpan<byte> block, Span<sbyte> q, Span<sbyte> scales)
    {
        var packed = block.Slice(96, 12);
        for (var sub = 0; sub < 16; sub++)
        {
            var low = sub < 8 ? packed[sub] & 15 : packed[sub - 8] >> 4;
            scales[sub] = (sbyte)((low | (((packed[8 + sub % 4] >> (2 * (sub / 4))) & 3) << 4)) - 32);
        }
        for (var i = 0; i < 256; i++) q[i] = (sbyte)(TwoBits(block[32..], i) - (((block[i % 32] >> (i / 32)) & 1) == 0 ? 4 : 0));
        return (Half(block[108..]), 0);
    }

    // { half d; half dmin; byte scales[12]; byte qh[32]; byte qs[128] }: as Q4_K, with a fifth bit
    private static (float, float) UnpackQ5(ReadOnlySpan<byte> block, Span<sbyte> q, Span<sbyte> scales, Span<sbyte> minima)
    {
        for (var sub = 0; sub < 8; sub++)
        {
            var (scale, minimum) = KQuants.UnpackScale(block.Slice(4, 12), sub);
            (scales[sub], minima[sub]) = ((sbyte)scale, (sbyte)minimum);
            for (var i = 0; i < 32; i++)
            {
                var four = (block[48 + sub / 2 * 32 + i] >> (4 * (sub % 2))) & 15;
                q[sub * 32 + i] = (sbyte)(four | (((block[16 + i] >> sub) & 1) << 4));
            }
        }
        return (Half(block), Half(block[2..]));
    }

    private static sbyte TwoBits(ReadOnlySpan<byte> qs, int i) => (sbyte)((qs[i / 128 * 32 + i % 32] >> (2 * (i % 128 / 32))) & 3);

    /// <summary>16 bytes: values 0 to 15 in the low halves, 16 to 31 in the high ones.</summary>
    private static void Nibbles(ReadOnlySpan<byte> qs, Span<sbyte> q)
    {
        for (var i = 0; i < 16; i++) (q[i], q[i + 16]) = ((sbyte)(qs[i] & 15), (sbyte)(qs[i] >> 4));
    }

    private static void AddFifthBits(ReadOnlySpan<byte> qh, Span<sbyte> q, int less)
    {
        var bits = BinaryPrimitives.ReadUInt32LittleEndian(qh);
        for (var i = 0; i < 32; i++) q[i] = (sbyte)(q[i] + (int)(((bits >> i) & 1) << 4) - less);
    }

    private static void Look(sbyte[] values, Span<sbyte> q)
    {
        for (var i = 0; i < q.Length; i++) q[i] = values[q[i]];
    }

    private static float Half(ReadOnlySpan<byte> bytes) => (float)MemoryMarshal.Read<Half>(bytes);
}

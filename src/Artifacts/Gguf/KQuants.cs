using System.Runtime.Intrinsics;

namespace IterativeDpo.Artifacts.Gguf;

/// <summary>The k-quants: super-blocks of 256 values with 6-bit or 8-bit scales of their own sub-blocks.</summary>
public static class KQuants
{
    /// <summary>
    /// Q4_K: { half d; half dmin; byte scales[12]; byte q[128] }. Eight sub-blocks of 32 with a 6-bit scale and minimum each:
    /// x = (d · scale) q - dmin · minimum. 32 bytes of q hold one sub-block in their low nibbles and the next in their high ones.
    /// </summary>
    internal static void DecodeQ4(ReadOnlySpan<byte> block, Span<float> x)
    {
        var d = TensorDecoder.ReadHalf(block);
        var dmin = TensorDecoder.ReadHalf(block[2..]);
        var scales = block.Slice(4, 12);
        var nibble = Vector128.Create((byte)0x0F);
        for (var sub = 0; sub < 8; sub++)
        {
            var (scale, minimum) = UnpackScale(scales, sub);
            for (var half = 0; half < 2; half++)
            {
                var packed = Vector128.Create(block[(16 + sub / 2 * 32 + half * 16)..]);
                var q = (sub % 2 == 0 ? packed & nibble : packed >> 4).AsSByte();
                TensorDecoder.StoreScaled(q, d * scale, dmin * minimum, x[(sub * 32 + half * 16)..]);
            }
        }
    }

    /// <summary>
    /// Q6_K: { byte low[128]; byte high[64]; int8 scales[16]; half d }. Sixteen sub-blocks of 16: x = (d · scale) (q - 32), where q
    /// takes 4 bits from low and 2 from high. Each half of 128 values: 64 bytes of low, 32 of high.
    /// </summary>
    internal static void DecodeQ6(ReadOnlySpan<byte> block, Span<float> x)
    {
        var d = TensorDecoder.ReadHalf(block[208..]);
        Span<sbyte> values = stackalloc sbyte[256];
        UnpackQ6(block, values);
        for (var sub = 0; sub < 16; sub++)
        {
            TensorDecoder.StoreScaled(
                Vector128.Create((ReadOnlySpan<sbyte>)values[(sub * 16)..]),
                d * (sbyte)block[192 + sub],
                0,
                x[(sub * 16)..]);
        }
    }

    /// <summary>The 256 values q - 32 of a Q6_K block.</summary>
    public static void UnpackQ6(ReadOnlySpan<byte> block, Span<sbyte> values)
    {
        for (var sub = 0; sub < 16; sub++)
        {
            var half = sub / 8;
            var quarter = sub % 8 / 2; // which 32 of the half's 128 values
            var column = sub % 2 * 16;
            var low = Vector128.Create(block[(half * 64 + quarter % 2 * 32 + column)..]);
            var high = Vector128.Create(block[(128 + half * 32 + column)..]);
            var bits0To3 = quarter < 2 ? low & Vector128.Create((byte)0x0F) : low >> 4;
            var bits4To5 = ((high >> (quarter * 2)) & Vector128.Create((byte)3)) << 4;
            ((bits0To3 | bits4To5).AsSByte() - Vector128.Create((sbyte)32)).CopyTo(values[(sub * 16)..]);
        }
    }

    /// <summary>
    /// A Q4_K block's scales and minima of 6 bits in 12 bytes: the first four pairs lie whole, the upper bits of these bytes complete the
    /// other four.
    /// </summary>
    public static (int Scale, int Minimum) UnpackScale(ReadOnlySpan<byte> packed, int sub) => sub < 4
        ? (packed[sub] & 63, packed[sub + 4] & 63)
        : ((packed[sub + 4] & 0x0F) | (packed[sub - 4] >> 6 << 4), (packed[sub + 4] >> 4) | (packed[sub] >> 6 << 4));
}

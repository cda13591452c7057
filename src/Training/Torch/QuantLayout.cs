using System.Runtime.InteropServices;
using IterativeDpo.Artifacts.Gguf;

namespace IterativeDpo.Training.Torch;

/// <summary>What a quantised block consists of, for all blocks of a matrix; see ggml's block formats of these names.</summary>
/// <param name="Quants">One value a byte, or two.</param>
/// <param name="SuperScales">d of each block.</param>
/// <param name="Scales">One for each sub-block, or null where a block has none.</param>
/// <param name="SuperMinima">dmin of each block, or null.</param>
/// <param name="Minima">One for each sub-block, or null.</param>
internal sealed record QuantParts(
    byte[] Quants,
    float[] SuperScales,
    byte[]? Scales = null,
    float[]? SuperMinima = null,
    byte[]? Minima = null);

/// <summary>How a quantised type's blocks are taken apart.</summary>
/// <param name="BlockSize">Values of a block.</param>
/// <param name="SubBlockSize">Values under one scale, or half of them where they share bytes.</param>
/// <param name="Nibbles">A byte holds two values: of one sub-block in the low nibbles, of the next in the high ones.</param>
internal abstract record QuantLayout(int BlockSize, int SubBlockSize, bool Nibbles)
{
    /// <summary>What each of the 16 values of a nibble stands for; null: for itself.</summary>
    public float[]? Codes { get; init; }

    /// <summary>Whether blocks' scales are powers of two that reach further than float16: they are kept in bfloat16.</summary>
    public bool HasPowers { get; init; }

    /// <summary>Null where the type is none that is kept quantised.</summary>
    public static QuantLayout? Of(TensorType type) => type switch
    {
        TensorType.Q8_0 => new Eight(),
        TensorType.Q4_K => new Four(),
        TensorType.Q6_K => new Six(),
        TensorType.MXFP4 => new Float4(),
        _ when QuantBlocks.SubBlockOf(type) > 0 => new Parts(type),
        _ => null,
    };

    /// <summary>Bytes that values of a type take in memory when they are kept quantised; null where they are not.</summary>
    public static long? KeptBytes(TensorType type, long elements)
    {
        if (Of(type) is not { } layout)
        {
            return null;
        }
        var block = layout.Split(new byte[type.BlockBytes()]);
        return elements / layout.BlockSize
            * (
                block.Quants.Length
                + 2 * block.SuperScales.Length
                + (block.Scales?.Length ?? 0)
                + 2 * (block.SuperMinima?.Length ?? 0)
                + (block.Minima?.Length ?? 0));
    }

    public abstract QuantParts Split(ReadOnlySpan<byte> bytes);

    private static float Half(ReadOnlySpan<byte> bytes) => (float)MemoryMarshal.Read<Half>(bytes);

    /// <summary>Q8_0: { half d; int8 q[32] }.</summary>
    private sealed record Eight() : QuantLayout(32, 32, Nibbles: false)
    {
        public override QuantParts Split(ReadOnlySpan<byte> bytes)
        {
            var blocks = bytes.Length / 34;
            var parts = new QuantParts(new byte[blocks * 32], new float[blocks]);
            for (var b = 0; b < blocks; b++)
            {
                var block = bytes.Slice(b * 34, 34);
                parts.SuperScales[b] = Half(block);
                block[2..].CopyTo(parts.Quants.AsSpan(b * 32));
            }
            return parts;
        }
    }

    /// <summary>Q4_K: { half d; half dmin; byte scales[12]; byte q[128] }, eight sub-blocks with a 6-bit scale and minimum each.</summary>
    private sealed record Four() : QuantLayout(256, 32, Nibbles: true)
    {
        public override QuantParts Split(ReadOnlySpan<byte> bytes)
        {
            var blocks = bytes.Length / 144;
            var parts = new QuantParts(
                new byte[blocks * 128],
                new float[blocks],
                new byte[blocks * 8],
                new float[blocks],
                new byte[blocks * 8]);
            for (var b = 0; b < blocks; b++)
            {
                var block = bytes.Slice(b * 144, 144);
                parts.SuperScales[b] = Half(block);
                parts.SuperMinima![b] = Half(block[2..]);
                block[16..].CopyTo(parts.Quants.AsSpan(b * 128));
                for (var sub = 0; sub < 8; sub++)
                {
                    var (scale, minimum) = KQuants.UnpackScale(block.Slice(4, 12), sub);
                    (parts.Scales![b * 8 + sub], parts.Minima![b * 8 + sub]) = ((byte)scale, (byte)minimum);
                }
            }
            return parts;
        }
    }

    /// <summary>Q6_K: { byte low[128]; byte high[64]; int8 scales[16]; half d }; its values take a byte each here.</summary>
    private sealed record Six() : QuantLayout(256, 16, Nibbles: false)
    {
        public override QuantParts Split(ReadOnlySpan<byte> bytes)
        {
            var blocks = bytes.Length / 210;
            var parts = new QuantParts(new byte[blocks * 256], new float[blocks], new byte[blocks * 16]);
            for (var b = 0; b < blocks; b++)
            {
                var block = bytes.Slice(b * 210, 210);
                parts.SuperScales[b] = Half(block[208..]);
                block.Slice(192, 16).CopyTo(parts.Scales.AsSpan(b * 16));
                KQuants.UnpackQ6(block, MemoryMarshal.Cast<byte, sbyte>(parts.Quants.AsSpan(b * 256, 256)));
            }
            return parts;
        }
    }

    /// <summary>MXFP4: { byte e; byte q[16] }, values 0 to 15 in the low nibbles, 16 to 31 in the high ones.</summary>
    private sealed record Float4 : QuantLayout
    {
        public Float4()
            : base(32, 16, Nibbles: true)
        {
            (Codes, HasPowers) = ([.. QuantBlocks.Float4.ToArray()], true);
        }

        public override QuantParts Split(ReadOnlySpan<byte> bytes)
        {
            var blocks = bytes.Length / 17;
            var parts = new QuantParts(new byte[blocks * 16], new float[blocks]);
            for (var b = 0; b < blocks; b++)
            {
                var block = bytes.Slice(b * 17, 17);
                parts.SuperScales[b] = MathF.ScaleB(1, block[0] - 128);
                block[1..].CopyTo(parts.Quants.AsSpan(b * 16));
            }
            return parts;
        }
    }

    /// <summary>The other types, a value a byte.</summary>
    private sealed record Parts(TensorType Type) : QuantLayout(Type.BlockLength(), QuantBlocks.SubBlockOf(Type), Nibbles: false)
    {
        public override QuantParts Split(ReadOnlySpan<byte> bytes)
        {
            var (blockBytes, subs) = (Type.BlockBytes(), BlockSize / SubBlockSize);
            var blocks = bytes.Length / blockBytes;
            var (scales, minima) = (QuantBlocks.HasScales(Type), QuantBlocks.HasMinima(Type));
            var parts = new QuantParts(
                new byte[blocks * BlockSize],
                new float[blocks],
                scales ? new byte[blocks * subs] : null,
                minima ? new float[blocks] : null,
                minima ? new byte[blocks * subs] : null);
            for (var b = 0; b < blocks; b++)
            {
                var (d, dmin) = QuantBlocks.Unpack(
                    Type,
                    bytes.Slice(b * blockBytes, blockBytes),
                    Of(parts.Quants, b * BlockSize)[..BlockSize],
                    Of(parts.Scales, b * subs),
                    Of(parts.Minima, b * subs));
                parts.SuperScales[b] = d;
                if (minima) parts.SuperMinima![b] = dmin;
            }
            return parts;
        }

        private static Span<sbyte> Of(byte[]? values, int start) =>
            values is null ? [] : MemoryMarshal.Cast<byte, sbyte>(values.AsSpan(start));
    }
}

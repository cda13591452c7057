using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace IterativeDpo.Artifacts.Gguf;

/// <summary>Encodes float32 values as F32, F16, BF16 or Q8_0, rounding as ggml's reference does.</summary>
internal static class TensorEncoder
{
    private const int EncodedAtOnce = 1 << 16;

    public static bool CanWrite(TensorType type) => type is TensorType.F32 or TensorType.F16 or TensorType.BF16 or TensorType.Q8_0;

    /// <summary>Encodes a whole number of blocks to a stream, a part at a time.</summary>
    public static void Write(Stream stream, TensorType type, ReadOnlySpan<float> values)
    {
        var buffer = new byte[type.ByteLength(Math.Min(values.Length, EncodedAtOnce))];
        for (; values.Length > 0; values = values[Math.Min(values.Length, EncodedAtOnce)..])
        {
            var part = values[..Math.Min(values.Length, EncodedAtOnce)];
            var bytes = buffer.AsSpan(0, (int)type.ByteLength(part.Length));
            Encode(type, part, bytes);
            stream.Write(bytes);
        }
    }

    /// <summary>Both spans hold the same whole number of blocks.</summary>
    public static void Encode(TensorType type, ReadOnlySpan<float> source, Span<byte> destination)
    {
        switch (type)
        {
            case TensorType.F32: MemoryMarshal.AsBytes(source).CopyTo(destination); break;
            case TensorType.F16: TensorPrimitives.ConvertToHalf(source, MemoryMarshal.Cast<byte, Half>(destination)); break;
            case TensorType.BF16: EncodeBFloat16(source, MemoryMarshal.Cast<byte, ushort>(destination)); break;
            case TensorType.Q8_0: EncodeQ8_0(source, destination); break;
            default: throw new ArgumentOutOfRangeException(nameof(type), type, "this type is read only");
        }
    }

    // Round to nearest, ties to even; a NaN stays one (its quiet bit is set), whatever its lower bits.
    private static void EncodeBFloat16(ReadOnlySpan<float> source, Span<ushort> destination)
    {
        for (var i = 0; i < source.Length; i++)
        {
            var bits = BitConverter.SingleToUInt32Bits(source[i]);
            destination[i] = float.IsNaN(source[i]) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
        }
    }

    // Per block of 32: d = max |x| / 127, q = round(x / d), halves away from zero.
    private static void EncodeQ8_0(ReadOnlySpan<float> source, Span<byte> destination)
    {
        for (; source.Length > 0; source = source[32..], destination = destination[34..])
        {
            var block = source[..32];
            var d = MathF.Abs(TensorPrimitives.MaxMagnitude(block)) / 127;
            var inverse = d == 0 ? 0 : 1 / d;
            MemoryMarshal.Write(destination, (Half)d);
            if (float.IsFinite(d) && float.IsFinite(inverse))
            {
                Vector256
                    .Narrow(
                        Vector256.Narrow(Round(block, inverse), Round(block[8..], inverse)),
                        Vector256.Narrow(Round(block[16..], inverse), Round(block[24..], inverse)))
                    .AsByte()
                    .CopyTo(destination[2..]);
                continue;
            }
            for (var i = 0; i < 32; i++) destination[2 + i] = (byte)(sbyte)MathF.Round(block[i] * inverse, MidpointRounding.AwayFromZero);
        }
    }

    /// <summary>Eight values times a factor, halves away from zero.</summary>
    private static Vector256<int> Round(ReadOnlySpan<float> values, float factor)
    {
        var scaled = Vector256.Create(values) * factor;
        var whole = Vector256.Truncate(scaled);
        var isHalfOff = Vector256.GreaterThanOrEqual(Vector256.Abs(scaled - whole), Vector256.Create(0.5f));
        var away = Vector256.CopySign(Vector256<float>.One, scaled);
        return Vector256.ConvertToInt32(whole + Vector256.ConditionalSelect(isHalfOff, away, Vector256<float>.Zero));
    }
}

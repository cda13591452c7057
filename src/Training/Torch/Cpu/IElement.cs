using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace IterativeDpo.Training.Torch.Cpu;

/// <summary>How a tensor's elements lie in memory, as a type: a loop over them is compiled once for each.</summary>
internal unsafe interface IElement
{
    /// <summary>The elements from <paramref name="index"/> on, counted from the first one's address.</summary>
    static abstract Lanes Load(void* first, long index);

    static abstract void Store(void* first, long index, Lanes values);

    /// <summary>Has the element's cache line fetched, if there is such an element.</summary>
    static abstract void Prefetch(void* first, long index);

    static abstract float LoadOne(void* first, long index);

    static abstract void StoreOne(void* first, long index, float value);
}

internal readonly unsafe struct Float32Element : IElement
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes Load(void* first, long index) => Lanes.Load((float*)first + index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(void* first, long index, Lanes values) => values.Store((float*)first + index);

    public static void Prefetch(void* first, long index) => Lanes.Prefetch((float*)first + index);

    public static float LoadOne(void* first, long index) => ((float*)first)[index];

    public static void StoreOne(void* first, long index, float value) => ((float*)first)[index] = value;
}

/// <summary>The upper half of a float32, rounded to the nearest, ties to even.</summary>
internal readonly unsafe struct BFloat16Element : IElement
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes Load(void* first, long index)
    {
        var (low, high) = Vector256.Widen(Vector256.Load((ushort*)first + index));
        return new(Vector256.ShiftLeft(low, 16).AsSingle(), Vector256.ShiftLeft(high, 16).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(void* first, long index, Lanes values) =>
        Vector256.Narrow(Round(values.Low), Round(values.High)).Store((ushort*)first + index);

    public static void Prefetch(void* first, long index) => Lanes.Prefetch((ushort*)first + index);

    public static float LoadOne(void* first, long index) => BitConverter.UInt32BitsToSingle((uint)((ushort*)first)[index] << 16);

    public static void StoreOne(void* first, long index, float value) =>
        ((ushort*)first)[index] = (ushort)Round(Vector256.Create(value))[0];

    private static Vector256<uint> Round(Vector256<float> values)
    {
        var bits = values.AsUInt32();
        var rounded = bits + Vector256.Create(0x7FFFu) + (Vector256.ShiftRightLogical(bits, 16) & Vector256<uint>.One);
        // Rounding would carry some NaN over into numbers.
        var whole = Vector256.ConditionalSelect(Vector256.Equals(values, values).AsUInt32(), rounded, bits | Vector256.Create(0x400000u));
        return Vector256.ShiftRightLogical(whole, 16);
    }
}

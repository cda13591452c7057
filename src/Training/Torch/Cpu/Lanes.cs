using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace IterativeDpo.Training.Torch.Cpu;

/// <summary>Sixteen neighbouring elements in float32: a cache line, and one vector register with AVX-512 or two without.</summary>
internal readonly unsafe record struct Lanes(Vector512<float> Values)
{
    public const int Count = 16;

    /// <summary>The next multiple of <see cref="Count"/>.</summary>
    public static int Pad(int elements) => (elements + Count - 1) / Count * Count;

    public static bool Fill(long elements) => elements % Count == 0;

    public static Lanes Load(float* source) => new(Vector512.Load(source));

    public void Store(float* target) => Values.Store(target);

    public static Lanes operator +(Lanes a, Lanes b) => new(a.Values + b.Values);

    public static Lanes operator -(Lanes a, Lanes b) => new(a.Values - b.Values);

    public static Lanes operator *(Lanes a, Lanes b) => new(a.Values * b.Values);

    public static Lanes operator *(Lanes a, float b) => new(a.Values * b);

    /// <summary>1 / (1 + e^−x).</summary>
    public static Lanes Sigmoid(Lanes x) => new(Vector512<float>.One / (Vector512<float>.One + Exp(-x.Values)));

    /// <summary>In an order that does not depend on how wide a register is.</summary>
    public float Sum() => Vector256.Sum(Values.GetLower() + Values.GetUpper());

    /// <summary>
    /// e^x to within 3 units in the last place: 2^n · e^r with |r| ≤ ln 2 / 2, the second by its Taylor polynomial. Beyond ±87.3, where
    /// the normal numbers of float32 end, it is what it is there; of NaN it is NaN.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exp(Vector512<float> x)
    {
        // ln 2 in two parts: n times the first is exact.
        const float high = 0.693359375f, low = -2.12194440e-4f;
        var inside = Vector512.MinNative(Vector512.MaxNative(x, Vector512.Create(-87.3f)), Vector512.Create(87.3f));
        var n = Vector512.Round(inside * 1.44269504f);
        var r = Vector512.MultiplyAddEstimate(n, Vector512.Create(-low), Vector512.MultiplyAddEstimate(n, Vector512.Create(-high), inside));
        var p = Vector512.MultiplyAddEstimate(r, Vector512.Create(1 / 720f), Vector512.Create(1 / 120f));
        p = Vector512.MultiplyAddEstimate(p, r, Vector512.Create(1 / 24f));
        p = Vector512.MultiplyAddEstimate(p, r, Vector512.Create(1 / 6f));
        p = Vector512.MultiplyAddEstimate(p, r, Vector512.Create(0.5f));
        p = Vector512.MultiplyAddEstimate(p, r, Vector512<float>.One);
        p = Vector512.MultiplyAddEstimate(p, r, Vector512<float>.One);
        var power = Vector512.ShiftLeft(Vector512.ConvertToInt32Native(n) + Vector512.Create(127), 23).AsSingle();
        return Vector512.ConditionalSelect(Vector512.Equals(x, x), p * power, x);
    }
}

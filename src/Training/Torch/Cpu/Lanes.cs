using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace IterativeDpo.Training.Torch.Cpu;

/// <summary>Sixteen neighbouring elements in float32: what two vector registers hold, and a cache line.</summary>
internal readonly unsafe record struct Lanes(Vector256<float> Low, Vector256<float> High)
{
    public const int Count = 16;

    /// <summary>The next multiple of <see cref="Count"/>.</summary>
    public static int Pad(int elements) => (elements + Count - 1) / Count * Count;

    public static bool Fill(long elements) => elements % Count == 0;

    /// <summary>The same in every place.</summary>
    public static Lanes Of(float value) => new(Vector256.Create(value), Vector256.Create(value));

    public static Lanes Load(float* source) => new(Vector256.Load(source), Vector256.Load(source + 8));

    public void Store(float* target)
    {
        Low.Store(target);
        High.Store(target + 8);
    }

    public static Lanes operator +(Lanes a, Lanes b) => new(a.Low + b.Low, a.High + b.High);

    public static Lanes operator -(Lanes a, Lanes b) => new(a.Low - b.Low, a.High - b.High);

    public static Lanes operator *(Lanes a, Lanes b) => new(a.Low * b.Low, a.High * b.High);

    public static Lanes operator *(Lanes a, float b) => new(a.Low * b, a.High * b);

    /// <summary>The less of x and a limit; NaN where x is.</summary>
    public static Lanes Min(Lanes x, float limit) =>
        new(Vector256.Min(x.Low, Vector256.Create(limit)), Vector256.Min(x.High, Vector256.Create(limit)));

    /// <summary>x kept within ±limit; NaN where it is.</summary>
    public static Lanes Clamp(Lanes x, float limit) =>
        new(Clamp(x.Low, Vector256.Create(limit)), Clamp(x.High, Vector256.Create(limit)));

    /// <summary>Of x where a and b are equal or not to be compared, and 0 elsewhere.</summary>
    public static Lanes WhereEqual(Lanes a, Lanes b, Lanes x) =>
        new(WhereEqual(a.Low, b.Low, x.Low), WhereEqual(a.High, b.High, x.High));

    /// <summary>1 / (1 + e^−x).</summary>
    public static Lanes Sigmoid(Lanes x) => new(Sigmoid(x.Low), Sigmoid(x.High));

    /// <summary>Has a cache line fetched, if it is memory of this process; nothing is read.</summary>
    public static void Prefetch(void* address)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(address);
        }
    }

    public float Sum() => Vector256.Sum(Low + High);

    /// <summary>
    /// e^x to within 3 units in the last place: 2^n · e^r with |r| ≤ ln 2 / 2, the second by its Taylor polynomial. Beyond ±87.3, where
    /// the normal numbers of float32 end, it is what it is there; of NaN it is NaN.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Exp(Vector256<float> x)
    {
        // ln 2 in two parts: n times the first is exact.
        const float high = 0.693359375f, low = -2.12194440e-4f;
        var inside = Vector256.MinNative(Vector256.MaxNative(x, Vector256.Create(-87.3f)), Vector256.Create(87.3f));
        var n = Vector256.Round(inside * 1.44269504f);
        var r = Vector256.MultiplyAddEstimate(n, Vector256.Create(-low), Vector256.MultiplyAddEstimate(n, Vector256.Create(-high), inside));
        var p = Vector256.MultiplyAddEstimate(r, Vector256.Create(1 / 720f), Vector256.Create(1 / 120f));
        p = Vector256.MultiplyAddEstimate(p, r, Vector256.Create(1 / 24f));
        p = Vector256.MultiplyAddEstimate(p, r, Vector256.Create(1 / 6f));
        p = Vector256.MultiplyAddEstimate(p, r, Vector256.Create(0.5f));
        p = Vector256.MultiplyAddEstimate(p, r, Vector256<float>.One);
        p = Vector256.MultiplyAddEstimate(p, r, Vector256<float>.One);
        var power = Vector256.ShiftLeft(Vector256.ConvertToInt32Native(n) + Vector256.Create(127), 23).AsSingle();
        return Vector256.ConditionalSelect(Vector256.Equals(x, x), p * power, x);
    }

    private static Vector256<float> Clamp(Vector256<float> x, Vector256<float> limit) => Vector256.Max(Vector256.Min(x, limit), -limit);

    private static Vector256<float> WhereEqual(Vector256<float> a, Vector256<float> b, Vector256<float> x) =>
        Vector256.AndNot(x, Vector256.LessThan(a, b) | Vector256.GreaterThan(a, b));

    private static Vector256<float> Sigmoid(Vector256<float> x) => Vector256<float>.One / (Vector256<float>.One + Exp(-x));
}

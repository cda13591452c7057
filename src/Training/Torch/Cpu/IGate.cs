using System.Runtime.CompilerServices;

namespace IterativeDpo.Training.Torch.Cpu;

/// <summary>A gate g σ(f(g)), as a type: a loop over it is compiled once for each.</summary>
internal interface IGate
{
    /// <summary>f(g).</summary>
    static abstract Lanes Inside(Lanes g);

    /// <summary>The gate's derivative, σ + g σ (1 − σ) f'.</summary>
    /// <param name="sigmoid">σ(f(g)).</param>
    /// <param name="activated">g σ(f(g)).</param>
    static abstract Lanes Slope(Lanes g, Lanes sigmoid, Lanes activated);
}

/// <summary>SiLU: f(g) = g.</summary>
internal readonly struct SiluGate : IGate
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes Inside(Lanes g) => g;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes Slope(Lanes g, Lanes sigmoid, Lanes activated) => sigmoid + activated - activated * sigmoid;
}

/// <summary>GELU in its form with tanh: f(g) = 2 √(2/π) (g + 0.044715 g³).</summary>
internal readonly struct GeluGate : IGate
{
    private const float Root = 1.5957691f, Cube = 0.044715f; // 2 √(2/π)

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes Inside(Lanes g) => g * (Lanes.Of(Root) + g * g * (Root * Cube));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes Slope(Lanes g, Lanes sigmoid, Lanes activated) =>
        sigmoid + (activated - activated * sigmoid) * (Lanes.Of(Root) + g * g * (3 * Root * Cube));
}

using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch.Cpu;

/// <summary><see cref="GatedUnit"/> in one pass over memory each way.</summary>
internal static unsafe class CpuGatedUnit
{
    /// <summary>
    /// Elements fetched ahead: the activations of a batch lie in memory, and the processor's own look ahead is too short for that.
    /// </summary>
    private const int Ahead = 1024;

    /// <inheritdoc cref="GatedUnit.Forward"/>
    public static Tensor Forward<TGate>(Tensor both) where TGate : IGate =>
        both.dtype == ScalarType.BFloat16 ? Forward<BFloat16Element, TGate>(both) : Forward<Float32Element, TGate>(both);

    /// <inheritdoc cref="GatedUnit.Backward"/>
    public static Tensor Backward<TGate>(Tensor both, Tensor gradient) where TGate : IGate =>
        both.dtype == ScalarType.BFloat16
            ? Backward<BFloat16Element, TGate>(both, gradient)
            : Backward<Float32Element, TGate>(both, gradient);

    private static Tensor Forward<TElement, TGate>(Tensor both) where TElement : IElement where TGate : IGate
    {
        var (rows, inside) = (both.size(0), both.size(1) / 2);
        var result = empty([rows, inside], both.dtype, both.device);
        var (from, to) = (CpuMemory.Start(both, both.dtype, rows, 2 * inside), CpuMemory.Start(result, both.dtype, rows, inside));
        CpuMemory.ForRows(rows, inside, (start, end) =>
        {
            for (var row = start; row < end; row++)
            {
                ForwardRow<TElement, TGate>((void*)from, 2 * row * inside, (void*)to, row * inside, inside);
            }
        });
        GC.KeepAlive(both);
        return result;
    }

    private static void ForwardRow<TElement, TGate>(void* both, long gate, void* result, long into, long inside)
        where TElement : IElement where TGate : IGate
    {
        for (long i = 0; i < inside; i += Lanes.Count)
        {
            TElement.Prefetch(both, gate + i + Ahead);
            TElement.Prefetch(result, into + i + Ahead);
            TElement.Prefetch(both, gate + inside + i + Ahead);
            TElement.Store(result, into + i, TGate.Forward(TElement.Load(both, gate + i), TElement.Load(both, gate + inside + i)));
        }
    }

    private static Tensor Backward<TElement, TGate>(Tensor both, Tensor gradient) where TElement : IElement where TGate : IGate
    {
        var (rows, inside) = (both.size(0), both.size(1) / 2);
        var result = empty_like(both);
        var (from, to) = (CpuMemory.Start(both, both.dtype, rows, 2 * inside), CpuMemory.Start(result, both.dtype, rows, 2 * inside));
        var slopes = CpuMemory.Start(gradient, both.dtype, rows, inside);
        CpuMemory.ForRows(rows, inside, (start, end) =>
        {
            for (var row = start; row < end; row++)
            {
                BackwardRow<TElement, TGate>((void*)from, 2 * row * inside, (void*)slopes, row * inside, (void*)to, inside);
            }
        });
        GC.KeepAlive(both);
        GC.KeepAlive(gradient);
        return result;
    }

    private static void BackwardRow<TElement, TGate>(void* both, long gate, void* gradient, long from, void* result, long inside)
        where TElement : IElement where TGate : IGate
    {
        for (var i = gate; i < gate + inside; i += Lanes.Count)
        {
            TElement.Prefetch(both, i + Ahead);
            TElement.Prefetch(result, i + Ahead);
            TElement.Prefetch(result, i + inside + Ahead);
            TElement.Prefetch(both, i + inside + Ahead);
            TElement.Prefetch(gradient, from + i - gate + Ahead);
            var slope = TElement.Load(gradient, from + i - gate);
            var (ofGate, ofUp) = TGate.Slopes(TElement.Load(both, i), TElement.Load(both, i + inside));
            TElement.Store(result, i, ofGate * slope);
            TElement.Store(result, i + inside, ofUp * slope);
        }
    }
}

using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch.Cpu;

/// <summary><see cref="RmsNorm"/> in one pass over memory each way.</summary>
internal static unsafe class CpuRmsNorm
{
    /// <inheritdoc cref="RmsNorm.Forward"/>
    public static (Tensor Sum, Tensor Rows, Tensor Factors) Forward(
        Tensor x,
        Tensor? added,
        Tensor weight,
        float epsilon,
        ScalarType type) =>
        type == ScalarType.BFloat16
            ? Forward<BFloat16Element>(x, added, weight, epsilon, type)
            : Forward<Float32Element>(x, added, weight, epsilon, type);

    /// <inheritdoc cref="RmsNorm.Backward"/>
    public static Tensor Backward(Tensor x, Tensor factors, Tensor gradient, Tensor? residual, Tensor weight, Tensor? weightGradient) =>
        gradient.dtype == ScalarType.BFloat16
            ? Backward<BFloat16Element>(x, factors, gradient, residual, weight, weightGradient)
            : Backward<Float32Element>(x, factors, gradient, residual, weight, weightGradient);

    private static (Tensor Sum, Tensor Rows, Tensor Factors) Forward<TElement>(
        Tensor x,
        Tensor? added,
        Tensor weight,
        float epsilon,
        ScalarType type)
        where TElement : IElement
    {
        var (count, width) = (x.size(0), x.size(1));
        var (rows, factors, whole) = (
            empty([count, width], type, x.device),
            empty([count, 1], ScalarType.Float32, x.device),
            added is null ? x : empty_like(x));
        var (from, scale) = (CpuMemory.Start(x, ScalarType.Float32, count, width), CpuMemory.Start(weight, ScalarType.Float32, width));
        var (more, sum) = (
            added is null ? 0 : CpuMemory.Start(added, type, count, width),
            CpuMemory.Start(whole, ScalarType.Float32, count, width));
        var (to, into) = (CpuMemory.Start(rows, type, count, width), CpuMemory.Start(factors, ScalarType.Float32, count, 1));
        CpuMemory.ForRows(count, width, (start, end) =>
        {
            for (var row = start; row < end; row++)
            {
                var values = (float*)sum + row * width;
                if (more != 0)
                {
                    AddRow<TElement>((float*)from, (void*)more, (float*)sum, row * width, width);
                }
                var factor = 1 / MathF.Sqrt(SumOfSquares(values, width) / width + epsilon);
                ((float*)into)[row] = factor;
                for (long i = 0; i < width; i += Lanes.Count)
                {
                    TElement.Store((void*)to, row * width + i, Lanes.Load(values + i) * factor * Lanes.Load((float*)scale + i));
                }
            }
        });
        GC.KeepAlive(x);
        GC.KeepAlive(added);
        GC.KeepAlive(weight);
        return (whole, rows, factors);
    }

    private static Tensor Backward<TElement>(
        Tensor x,
        Tensor factors,
        Tensor gradient,
        Tensor? residual,
        Tensor weight,
        Tensor? weightGradient)
        where TElement : IElement
    {
        using var scope = NewDisposeScope();
        var (result, rows, width) = (empty_like(x), x.size(0), x.size(1));
        // Of each piece of rows apart, so that the sum does not depend on the threads.
        var parts = weightGradient is null ? null : zeros([CpuMemory.PiecesOf(rows, width), width]);
        nint OfRows(Tensor? tensor, ScalarType type) => tensor is null ? 0 : CpuMemory.Start(tensor, type, rows, width);
        var (from, slopes, added, to) = (
            OfRows(x, x.dtype),
            OfRows(gradient, gradient.dtype),
            OfRows(residual, x.dtype),
            OfRows(result, ScalarType.Float32));
        var (factorsFrom, scale) = (
            CpuMemory.Start(factors, ScalarType.Float32, rows, 1),
            CpuMemory.Start(weight, ScalarType.Float32, width));
        var sums = parts is null ? 0 : CpuMemory.Start(parts, ScalarType.Float32, CpuMemory.PiecesOf(rows, width), width);
        CpuMemory.ForRows(rows, width, (start, end) =>
        {
            for (var row = start; row < end; row++)
            {
                var (first, factor) = (row * width, ((float*)factorsFrom)[row]);
                BackwardRow<TElement>((float*)from, (void*)slopes, (float*)scale, factor, (float*)added, (float*)to, first, width);
                if (sums != 0)
                {
                    AddProducts<TElement>(
                        (float*)from,
                        (void*)slopes,
                        factor,
                        first,
                        (float*)sums + CpuMemory.PieceOf(row, width) * width,
                        width);
                }
            }
        });
        GC.KeepAlive(x);
        GC.KeepAlive(factors);
        GC.KeepAlive(gradient);
        GC.KeepAlive(residual);
        GC.KeepAlive(weight);
        weightGradient?.add_(parts!.sum([0L]));
        return result.MoveToOuterDisposeScope();
    }

    private static void AddRow<TElement>(float* x, void* added, float* sum, long first, long width) where TElement : IElement
    {
        for (var i = first; i < first + width; i += Lanes.Count)
        {
            (Lanes.Load(x + i) + TElement.Load(added, i)).Store(sum + i);
        }
    }

    private static float SumOfSquares(float* values, long width)
    {
        var sum = default(Lanes);
        for (long i = 0; i < width; i += Lanes.Count)
        {
            var x = Lanes.Load(values + i);
            sum += x * x;
        }
        return sum.Sum();
    }

    /// <param name="residual">Null where nothing is added.</param>
    /// <param name="first">The row's first element.</param>
    private static void BackwardRow<TElement>(
        float* x,
        void* gradient,
        float* weight,
        float factor,
        float* residual,
        float* result,
        long first,
        long width)
        where TElement : IElement
    {
        var along = default(Lanes);
        for (long i = 0; i < width; i += Lanes.Count)
        {
            along += Lanes.Load(x + first + i) * (TElement.Load(gradient, first + i) * Lanes.Load(weight + i));
        }
        var mean = along.Sum() * factor / width;
        for (long i = 0; i < width; i += Lanes.Count)
        {
            var weighted = TElement.Load(gradient, first + i) * Lanes.Load(weight + i);
            var slope = (weighted - Lanes.Load(x + first + i) * (factor * mean)) * factor;
            (residual is null ? slope : slope + Lanes.Load(residual + first + i)).Store(result + first + i);
        }
    }

    /// <summary>Adds the row's share of the weight's gradient.</summary>
    private static void AddProducts<TElement>(float* x, void* gradient, float factor, long first, float* sums, long width)
        where TElement : IElement
    {
        for (long i = 0; i < width; i += Lanes.Count)
        {
            var product = TElement.Load(gradient, first + i) * (Lanes.Load(x + first + i) * factor);
            (Lanes.Load(sums + i) + product).Store(sums + i);
        }
    }
}

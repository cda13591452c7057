using System.Buffers;
using System.Runtime.InteropServices;

namespace IterativeDpo.Training.Torch.Cpu;

/// <summary>Working memory of one thread, cut into matrices one after the other.</summary>
internal sealed class Scratch : IDisposable
{
    private readonly float[] _memory;
    private GCHandle _pin;
    private nint _next;

    /// <param name="floats">How many there will be.</param>
    public Scratch(int floats)
    {
        _memory = ArrayPool<float>.Shared.Rent(floats + Lanes.Count);
        _pin = GCHandle.Alloc(_memory, GCHandleType.Pinned);
        const int line = Lanes.Count * sizeof(float);
        _next = (_pin.AddrOfPinnedObject() + line - 1) / line * line;
    }

    /// <summary>The next matrix, of arbitrary values.</summary>
    /// <param name="columns">A multiple of <see cref="Lanes.Count"/>, so that each matrix begins on a cache line.</param>
    public Matrix Take(int rows, int columns)
    {
        var matrix = new Matrix(_next, columns);
        _next += (nint)rows * columns * sizeof(float);
        return matrix;
    }

    /// <summary>The next matrix, of zeros.</summary>
    public unsafe Matrix TakeZeros(int rows, int columns)
    {
        var matrix = Take(rows, columns);
        new Span<float>(matrix.Start, rows * columns).Clear();
        return matrix;
    }

    public void Dispose()
    {
        _pin.Free();
        ArrayPool<float>.Shared.Return(_memory);
    }
}

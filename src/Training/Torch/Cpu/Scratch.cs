using System.Runtime.InteropServices;

namespace IterativeDpo.Training.Torch.Cpu;

/// <summary>Working memory of one thread, cut into matrices one after the other, each on a cache line.</summary>
internal sealed unsafe class Scratch : IDisposable
{
    private readonly void* _memory;
    private readonly nint _end;
    private nint _next;

    /// <param name="floats">How many there will be.</param>
    public Scratch(long floats)
    {
        _memory = NativeMemory.AlignedAlloc((nuint)floats * sizeof(float), Lanes.Count * sizeof(float));
        _next = (nint)_memory;
        _end = _next + (nint)floats * sizeof(float);
    }

    /// <summary>The next matrix, of arbitrary values.</summary>
    /// <param name="columns">Such that a matrix is whole <see cref="Lanes"/>.</param>
    /// <exception cref="InvalidOperationException">There is no more memory for it.</exception>
    public Matrix Take(int rows, int columns)
    {
        var matrix = new Matrix(_next, columns);
        _next += (nint)rows * columns * sizeof(float);
        return _next <= _end
            ? matrix
            : throw new InvalidOperationException($"The scratch memory has no room for {rows} x {columns} numbers.");
    }

    /// <summary>The next matrix, of zeros.</summary>
    public Matrix TakeZeros(int rows, int columns)
    {
        var matrix = Take(rows, columns);
        matrix.Clear(rows, columns);
        return matrix;
    }

    public void Dispose() => NativeMemory.AlignedFree(_memory);
}

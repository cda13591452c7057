using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace IterativeDpo.Training.Torch.Cpu;

/// <summary>A matrix in float32: element (i, j) lies at <c>Start[i · Row + j · Column]</c>.</summary>
internal readonly unsafe record struct Matrix(nint Address, int Row, int Column = 1)
{
    public float* Start => (float*)Address;

    /// <summary>From an element on.</summary>
    public Matrix From(int row, int column) => this with { Address = (nint)(Start + (long)row * Row + (long)column * Column) };

    public Matrix Transposed => new(Address, Column, Row);

    /// <summary>The row's first elements; they lie side by side.</summary>
    public Span<float> Span(int row, int columns) => new(Start + (long)row * Row, columns);

    /// <summary>Zeros; rows must lie end to end.</summary>
    public void Clear(int rows, int columns) => NativeMemory.Clear(Start, (nuint)rows * (nuint)columns * sizeof(float));
}

/// <summary>Products of matrices that fit a processor's cache, on one thread.</summary>
internal static unsafe class CpuProduct
{
    /// <summary>Rows of the result at once, with <see cref="Lanes.Count"/> columns: as many sums as keep two multipliers busy.</summary>
    public const int RowsAtOnce = 4;

    /// <summary>The next multiple of <see cref="RowsAtOnce"/>.</summary>
    public static int Pad(int rows) => (rows + RowsAtOnce - 1) / RowsAtOnce * RowsAtOnce;

    /// <summary>c = a b, or c += a b.</summary>
    /// <param name="a">[rows, depth].</param>
    /// <param name="b">[depth, columns], neighbouring columns side by side.</param>
    /// <param name="c">[rows, columns], likewise.</param>
    /// <param name="rows">A multiple of <see cref="RowsAtOnce"/>.</param>
    /// <param name="columns">A multiple of <see cref="Lanes.Count"/>.</param>
    public static void Multiply(Matrix a, Matrix b, Matrix c, int rows, int columns, int depth, bool add = false)
    {
        for (var column = 0; column < columns; column += Lanes.Count)
        {
            for (var row = 0; row < rows; row += RowsAtOnce)
            {
                var into = c.Start + (long)row * c.Row + column;
                Tile(a.Start + (long)row * a.Row, a.Row, a.Column, b.Start + column, b.Row, depth, into, c.Row, add);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile(float* a, nint aRow, nint aColumn, float* b, nint bRow, int depth, float* c, nint cRow, bool add)
    {
        Vector256<float> c00 = default,
            c01 = default,
            c10 = default,
            c11 = default,
            c20 = default,
            c21 = default,
            c30 = default,
            c31 = default;
        if (add)
        {
            (c00, c01) = (Vector256.Load(c), Vector256.Load(c + 8));
            (c10, c11) = (Vector256.Load(c + cRow), Vector256.Load(c + cRow + 8));
            (c20, c21) = (Vector256.Load(c + 2 * cRow), Vector256.Load(c + 2 * cRow + 8));
            (c30, c31) = (Vector256.Load(c + 3 * cRow), Vector256.Load(c + 3 * cRow + 8));
        }
        float* a1 = a + aRow, a2 = a1 + aRow, a3 = a2 + aRow;
        for (nint i = 0; depth > 0; depth--, i += aColumn, b += bRow)
        {
            var (b0, b1) = (Vector256.Load(b), Vector256.Load(b + 8));
            var x = Vector256.Create(a[i]);
            c00 = Vector256.MultiplyAddEstimate(x, b0, c00);
            c01 = Vector256.MultiplyAddEstimate(x, b1, c01);
            x = Vector256.Create(a1[i]);
            c10 = Vector256.MultiplyAddEstimate(x, b0, c10);
            c11 = Vector256.MultiplyAddEstimate(x, b1, c11);
            x = Vector256.Create(a2[i]);
            c20 = Vector256.MultiplyAddEstimate(x, b0, c20);
            c21 = Vector256.MultiplyAddEstimate(x, b1, c21);
            x = Vector256.Create(a3[i]);
            c30 = Vector256.MultiplyAddEstimate(x, b0, c30);
            c31 = Vector256.MultiplyAddEstimate(x, b1, c31);
        }
        c00.Store(c);
        c01.Store(c + 8);
        c10.Store(c + cRow);
        c11.Store(c + cRow + 8);
        c20.Store(c + 2 * cRow);
        c21.Store(c + 2 * cRow + 8);
        c30.Store(c + 3 * cRow);
        c31.Store(c + 3 * cRow + 8);
    }
}

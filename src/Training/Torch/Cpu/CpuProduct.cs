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
    /// <summary>Rows of the result at once.</summary>
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
        var wide = Vector512.IsHardwareAccelerated ? columns / (2 * Lanes.Count) * (2 * Lanes.Count) : 0;
        for (var row = 0; row < rows; row += RowsAtOnce)
        {
            var from = a.Start + (long)row * a.Row;
            var into = c.Start + (long)row * c.Row;
            for (var column = 0; column < wide; column += 2 * Lanes.Count)
            {
                Tile<Register512>(from, a.Row, a.Column, b.Start + column, b.Row, depth, into + column, c.Row, add);
            }
            for (var column = wide; column < columns; column += Lanes.Count)
            {
                Tile<Register256>(from, a.Row, a.Column, b.Start + column, b.Row, depth, into + column, c.Row, add);
            }
        }
    }

    /// <summary>Four rows of two registers: eight sums, as many as keep two multipliers busy.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile<T>(float* a, nint aRow, nint aColumn, float* b, nint bRow, int depth, float* c, nint cRow, bool add) where T : struct, IRegister<T>
    {
        T c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default, c30 = default, c31 = default;
        if (add)
        {
            (c00, c01) = (T.Load(c), T.Load(c + T.Count));
            (c10, c11) = (T.Load(c + cRow), T.Load(c + cRow + T.Count));
            (c20, c21) = (T.Load(c + 2 * cRow), T.Load(c + 2 * cRow + T.Count));
            (c30, c31) = (T.Load(c + 3 * cRow), T.Load(c + 3 * cRow + T.Count));
        }
        float* a1 = a + aRow, a2 = a1 + aRow, a3 = a2 + aRow;
        for (nint i = 0; depth > 0; depth--, i += aColumn, b += bRow)
        {
            var (b0, b1) = (T.Load(b), T.Load(b + T.Count));
            (c00, c01) = (T.MultiplyAdd(a[i], b0, c00), T.MultiplyAdd(a[i], b1, c01));
            (c10, c11) = (T.MultiplyAdd(a1[i], b0, c10), T.MultiplyAdd(a1[i], b1, c11));
            (c20, c21) = (T.MultiplyAdd(a2[i], b0, c20), T.MultiplyAdd(a2[i], b1, c21));
            (c30, c31) = (T.MultiplyAdd(a3[i], b0, c30), T.MultiplyAdd(a3[i], b1, c31));
        }
        T.Store(c00, c);
        T.Store(c01, c + T.Count);
        T.Store(c10, c + cRow);
        T.Store(c11, c + cRow + T.Count);
        T.Store(c20, c + 2 * cRow);
        T.Store(c21, c + 2 * cRow + T.Count);
        T.Store(c30, c + 3 * cRow);
        T.Store(c31, c + 3 * cRow + T.Count);
    }

    /// <summary>A vector register of float32, as a type: the tile is compiled once for each width.</summary>
    private interface IRegister<T>
    {
        static abstract int Count { get; }

        static abstract T Load(float* source);

        static abstract void Store(T values, float* target);

        /// <summary>factor · values + sums.</summary>
        static abstract T MultiplyAdd(float factor, T values, T sums);
    }

    private readonly record struct Register256(Vector256<float> Values) : IRegister<Register256>
    {
        public static int Count => Vector256<float>.Count;

        public static Register256 Load(float* source) => new(Vector256.Load(source));

        public static void Store(Register256 values, float* target) => values.Values.Store(target);

        public static Register256 MultiplyAdd(float factor, Register256 values, Register256 sums) =>
            new(Vector256.MultiplyAddEstimate(Vector256.Create(factor), values.Values, sums.Values));
    }

    private readonly record struct Register512(Vector512<float> Values) : IRegister<Register512>
    {
        public static int Count => Vector512<float>.Count;

        public static Register512 Load(float* source) => new(Vector512.Load(source));

        public static void Store(Register512 values, float* target) => values.Values.Store(target);

        public static Register512 MultiplyAdd(float factor, Register512 values, Register512 sums) =>
            new(Vector512.MultiplyAddEstimate(Vector512.Create(factor), values.Values, sums.Values));
    }
}

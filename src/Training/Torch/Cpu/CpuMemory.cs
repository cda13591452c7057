using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using TorchSharp;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch.Cpu;

/// <summary>
/// Tensors in this process's memory, for loops of our own. LibTorch runs a chain of operations as a pass over memory each; here a chain is
/// one pass, and what lies between stays in registers.
/// </summary>
internal static class CpuMemory
{
    /// <summary>Whether the loops can run there. Elsewhere the same is done by LibTorch's operations.</summary>
    public static bool Holds(Device device) => device.type == DeviceType.CPU && Vector256.IsHardwareAccelerated;

    /// <summary>Where a tensor's elements begin, row-major. The tensor must outlive what is done with it.</summary>
    /// <param name="type">What they must be.</param>
    /// <param name="shape">What the tensor's must be.</param>
    /// <exception cref="ArgumentException">They do not lie so, or are others: reading on would leave the tensor.</exception>
    public static unsafe nint Start(Tensor tensor, ScalarType type, params ReadOnlySpan<long> shape)
    {
        if (tensor.dtype != type || !tensor.shape.AsSpan().SequenceEqual(shape) || !tensor.is_contiguous())
        {
            throw new ArgumentException(
                $"A contiguous tensor of {type} [{string.Join(", ", shape.ToArray())}] is needed, and this is {(tensor.is_contiguous() ? "" : "not contiguous, ")}"
                + $"{tensor.dtype} [{string.Join(", ", tensor.shape)}].");
        }
        // A span is at most 2 GiB, a tensor may be more.
        using var first = tensor.narrow(0, 0, Math.Min(1, tensor.size(0)));
        return (nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(first.bytes));
    }

    /// <summary>
    /// Runs a piece of work for rows that stay in a processor's cache: first row, end. The pieces depend on the rows alone, not on the
    /// threads.
    /// </summary>
    public static void ForRows(long rows, long width, Action<long, long> work)
    {
        var size = RowsAtOnce(width);
        ThreadTeam.ForEach((int)PiecesOf(rows, width), i => work(i * size, Math.Min(rows, (i + 1) * size)));
    }

    /// <summary>How many pieces <see cref="ForRows"/> cuts rows into.</summary>
    public static long PiecesOf(long rows, long width) => (rows + RowsAtOnce(width) - 1) / RowsAtOnce(width);

    /// <summary>The piece that a row is in.</summary>
    public static long PieceOf(long row, long width) => row / RowsAtOnce(width);

    private static long RowsAtOnce(long width) => Math.Max(1, (1 << 15) / width);
}

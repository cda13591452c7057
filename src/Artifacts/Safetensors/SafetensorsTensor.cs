using IterativeDpo.Artifacts.Gguf;

namespace IterativeDpo.Artifacts.Safetensors;

/// <summary>A tensor's place in a file.</summary>
/// <param name="Shape">Row-major; empty for a single value. At most <see cref="int.MaxValue"/> values in all.</param>
/// <param name="Type">F32, F16 or BF16.</param>
/// <param name="Offset">Bytes from the file's start.</param>
public sealed record SafetensorsTensor(string Name, int[] Shape, TensorType Type, long Offset)
{
    /// <summary>Values in all; may be none.</summary>
    public int Elements { get; } = checked((int)Shape.Aggregate(1L, (product, size) => checked(product * size)));
}

namespace IterativeDpo.Artifacts.Gguf;

/// <summary>A tensor's place in a file.</summary>
/// <param name="Shape">Row-major: a weight is [out, in], GGUF's <c>ne</c> reversed. At most <see cref="int.MaxValue"/> values in
/// all.</param>
/// <param name="Offset">Bytes from the file's start.</param>
/// <param name="Part">Which file it is in of a model in several, from 0.</param>
public sealed record GgufTensor(string Name, int[] Shape, TensorType Type, long Offset, long ByteLength, int Part = 0)
{
    /// <summary>One of the matrices of a tensor of experts, [E, out, in].</summary>
    public GgufTensor Expert(int index) =>
        new(Name, Shape[1..], Type, Offset + ByteLength / Shape[0] * index, ByteLength / Shape[0], Part);

    /// <summary>Values in all.</summary>
    public int Elements { get; } = checked((int)Shape.Aggregate(1L, (product, size) => checked(product * size)));
}

namespace IterativeDpo.Artifacts.Gguf;

/// <summary>How a tensor's values are stored, numbered as in ggml. Only the types this program reads.</summary>
public enum TensorType : uint
{
    F32 = 0, F16 = 1, Q4_0 = 2, Q8_0 = 8, Q4_K = 12, Q6_K = 14, BF16 = 30,
}

/// <summary>Block sizes of the tensor types: a row is a whole number of blocks.</summary>
public static class TensorTypes
{
    /// <summary>Values in one block.</summary>
    public static int BlockLength(this TensorType type) => type switch
    {
        TensorType.F32 or TensorType.F16 or TensorType.BF16 => 1,
        TensorType.Q4_0 or TensorType.Q8_0 => 32,
        TensorType.Q4_K or TensorType.Q6_K => 256,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not a tensor type"),
    };

    /// <summary>Bytes in one block.</summary>
    public static int BlockBytes(this TensorType type) => type switch
    {
        TensorType.F32 => 4,
        TensorType.F16 or TensorType.BF16 => 2,
        TensorType.Q4_0 => 18,
        TensorType.Q8_0 => 34,
        TensorType.Q4_K => 144,
        TensorType.Q6_K => 210,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not a tensor type"),
    };

    /// <summary>Bytes of <paramref name="elements"/> values, a whole number of blocks.</summary>
    public static long ByteLength(this TensorType type, long elements) => elements / type.BlockLength() * type.BlockBytes();
}

namespace IterativeDpo.Artifacts.Gguf;

/// <summary>
/// Decodes a file's tensors one at a time, experts' maps matrix by matrix, into memory that it uses again: what was read is valid until the
/// next is. For one thread.
/// </summary>
public sealed class MatrixReader(GgufFile file)
{
    private float[] _values = [];

    /// <summary>A tensor, row-major, or of experts' maps, [E, out, in], the matrix of the one with that index.</summary>
    public Memory<float> Read(string name, int expert)
    {
        var tensor = file.Tensors[name];
        if (tensor.Shape.Length == 3) tensor = tensor.Expert(expert);
        if (_values.Length < tensor.Elements) _values = new float[tensor.Elements];
        file.ReadFloat32(tensor, _values.AsSpan(0, tensor.Elements));
        return _values.AsMemory(0, tensor.Elements);
    }
}

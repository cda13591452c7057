using Microsoft.Win32.SafeHandles;

namespace IterativeDpo.Artifacts.Safetensors;

/// <summary>
/// A memory-mapped safetensors file: the length of a JSON header, the header, the values. Opening it checks the whole header, so that
/// what is read from it afterwards is inside the file.
/// </summary>
public sealed class SafetensorsFile : IDisposable
{
    private readonly MappedFile _file;
    private readonly SafetensorsHeader _header;
    private SafeFileHandle? _handle;

    private SafetensorsFile(MappedFile file)
    {
        _file = file;
        _header = new SafetensorsParser(file).Parse();
    }

    public string Path => _file.Path;

    /// <summary>The header's <c>__metadata__</c>: text by key.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _header.Metadata;

    /// <summary>By name, in the header's order.</summary>
    public IReadOnlyDictionary<string, SafetensorsTensor> Tensors => _header.Tensors;

    /// <exception cref="UserInputException">Missing, not readable, not a safetensors file, damaged, or of a type that is not
    /// read.</exception>
    public static SafetensorsFile Open(string path) => MappedFile.Open(path, file => new SafetensorsFile(file));

    /// <summary>Decodes the tensor, row-major.</summary>
    public float[] ReadFloat32(SafetensorsTensor tensor)
    {
        var values = new float[tensor.Elements];
        _file.ReadFloat32(tensor.Type, tensor.Offset, values);
        return values;
    }

    /// <summary>Reads some of the tensor's bytes as they are stored, past the map: for who reads all of a large file once.</summary>
    /// <param name="offset">From the tensor's first byte.</param>
    /// <exception cref="UserInputException">The file was cut short meanwhile.</exception>
    internal void Read(SafetensorsTensor tensor, long offset, Span<byte> bytes)
    {
        _handle ??= File.OpenHandle(Path);
        for (var read = 0; read < bytes.Length;)
        {
            var more = RandomAccess.Read(_handle, bytes[read..], tensor.Offset + offset + read);
            read +=
                more > 0
                    ? more
                    : throw new UserInputException($"{Path}: the file was cut short while it was read. Copy or download it again.");
        }
    }

    public void Dispose()
    {
        _handle?.Dispose();
        _file.Dispose();
    }
}

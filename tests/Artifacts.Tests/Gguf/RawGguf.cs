using System.Text;

namespace IterativeDpo.Artifacts.Tests.Gguf;

/// <summary>Writes GGUF files field by field, so that a test can write what no honest writer would.</summary>
internal static class RawGguf
{
    /// <param name="Ne">Sizes as stored: innermost first.</param>
    public sealed record Tensor(string Name, ulong[] Ne, uint Type, ulong Offset);

    /// <summary>A metadata entry: its key, and the bytes of its type and value.</summary>
    public sealed record Entry(string Key, byte[] Value);

    public static void Write(
        string path, IReadOnlyList<Entry> metadata, IReadOnlyList<Tensor> tensors, byte[] data, uint magic = 0x46554747, uint version = 3,
        ulong? tensorCount = null, ulong? metadataCount = null)
    {
        using var writer = new BinaryWriter(File.Create(path));
        writer.Write(magic);
        writer.Write(version);
        writer.Write(tensorCount ?? (ulong)tensors.Count);
        writer.Write(metadataCount ?? (ulong)metadata.Count);
        foreach (var (key, value) in metadata)
        {
            writer.Write(Text(key));
            writer.Write(value);
        }
        foreach (var (name, ne, type, offset) in tensors)
        {
            writer.Write(Text(name));
            writer.Write(ne.Length);
            foreach (var size in ne) writer.Write(size);
            writer.Write(type);
            writer.Write(offset);
        }
        writer.Write(new byte[(32 - writer.BaseStream.Position % 32) % 32]);
        writer.Write(data);
    }

    public static byte[] Text(string text) =>
        [.. BitConverter.GetBytes((ulong)Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)];

    public static byte[] UInt32(uint value) => [.. BitConverter.GetBytes(4u), .. BitConverter.GetBytes(value)];
}

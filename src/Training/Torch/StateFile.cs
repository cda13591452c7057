using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// A header and float arrays in one file, there whole or not at all: magic, header (UTF-8), arrays, each with its length
/// before it, little-endian, and the SHA-256 of all that at the end.
/// </summary>
internal static class StateFile
{
    private static ReadOnlySpan<byte> Magic => "IDPOSTA1"u8;

    public static void Write(string path, string header, params float[][] arrays)
    {
        AtomicFile.Write(path, stream =>
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            void Put(ReadOnlySpan<byte> bytes)
            {
                hash.AppendData(bytes);
                stream.Write(bytes);
            }
            void PutLength(int length)
            {
                Span<byte> bytes = stackalloc byte[sizeof(int)];
                BinaryPrimitives.WriteInt32LittleEndian(bytes, length);
                Put(bytes);
            }
            Put(Magic);
            var text = Encoding.UTF8.GetBytes(header);
            PutLength(text.Length);
            Put(text);
            foreach (var array in arrays)
            {
                PutLength(array.Length);
                Put(MemoryMarshal.AsBytes(array.AsSpan()));
            }
            stream.Write(hash.GetHashAndReset());
        });
    }

    /// <returns>Null where there is no such file.</returns>
    /// <exception cref="UserInputException">The file is damaged.</exception>
    public static (string Header, IReadOnlyList<float[]> Arrays)? Read(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }
        var bytes = File.ReadAllBytes(path);
        var body = bytes.AsSpan(0, Math.Max(0, bytes.Length - SHA256.HashSizeInBytes));
        if (!body.StartsWith(Magic) || !SHA256.HashData(body).AsSpan().SequenceEqual(bytes.AsSpan(body.Length)))
        {
            throw new UserInputException($"{path}: the file is damaged. Delete it: what it holds is computed again.");
        }
        var rest = body[Magic.Length..];
        var header = Encoding.UTF8.GetString(Take(ref rest, 1));
        var arrays = new List<float[]>();
        while (rest.Length > 0)
        {
            arrays.Add(MemoryMarshal.Cast<byte, float>(Take(ref rest, sizeof(float))).ToArray());
        }
        return (header, arrays);
    }

    private static Span<byte> Take(ref Span<byte> rest, int elementSize)
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(rest) * elementSize;
        var taken = rest.Slice(sizeof(int), length);
        rest = rest[(sizeof(int) + length)..];
        return taken;
    }
}

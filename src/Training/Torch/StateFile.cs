using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using TorchSharp;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// Tensors in a file, there whole or not at all: magic, key and header (UTF-8), each tensor's values as float32, every part with its length
/// before it, little-endian, and the SHA-256 of all that at the end. The key names everything that the values depend on.
/// </summary>
internal static class StateFile
{
    /// <summary>Elements that are copied at a time: a state of gigabytes takes a few megabytes to store.</summary>
    private const long Slice = 1 << 20;

    private static ReadOnlySpan<byte> Magic => "IDPOSTA2"u8;

    public static void Write(string path, string key, string header, IReadOnlyList<Tensor> tensors) => AtomicFile.Write(path, stream =>
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Put(Magic);
        PutText(key);
        PutText(header);
        foreach (var tensor in tensors)
        {
            PutLength(tensor.numel());
            ForEachSlice(tensor, slice => Put(MemoryMarshal.AsBytes(Floats.Of(slice).AsSpan())));
        }
        stream.Write(hash.GetHashAndReset());

        void Put(ReadOnlySpan<byte> bytes)
        {
            hash.AppendData(bytes);
            stream.Write(bytes);
        }
        void PutLength(long length)
        {
            Span<byte> bytes = stackalloc byte[sizeof(long)];
            BinaryPrimitives.WriteInt64LittleEndian(bytes, length);
            Put(bytes);
        }
        void PutText(string text)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            PutLength(bytes.Length);
            Put(bytes);
        }
    });

    /// <summary>
    /// Puts the stored values into the tensors and gives the header; null, and nothing done, where there is no such file.
    /// </summary>
    /// <exception cref="UserInputException">The file is damaged, or its key is another one.</exception>
    public static string? Read(string path, string key, IReadOnlyList<Tensor> tensors)
    {
        if (!File.Exists(path))
        {
            return null;
        }
        using var stream = File.OpenRead(path);
        if (!IsWhole(stream))
        {
            throw new UserInputException($"{path}: the file is damaged. Delete it: what it holds is computed again.");
        }
        stream.Position = Magic.Length;
        using var reader = new BinaryReader(stream, Encoding.UTF8, leaveOpen: true);
        if (ReadText(reader) != key)
        {
            throw new UserInputException(
                $"{path}: the file holds the state of something else, and was renamed. Delete it: what belongs here is computed again.");
        }
        var header = ReadText(reader);
        foreach (var tensor in tensors)
        {
            ReadInto(reader, tensor);
        }
        return header;
    }

    private static bool IsWhole(Stream stream)
    {
        var rest = stream.Length - SHA256.HashSizeInBytes;
        var buffer = new byte[1 << 20];
        if (rest < Magic.Length)
        {
            return false;
        }
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var first = true; rest > 0; first = false)
        {
            var read = stream.Read(buffer, 0, (int)Math.Min(rest, buffer.Length));
            if (read == 0 || (first && !buffer.AsSpan().StartsWith(Magic)))
            {
                return false;
            }
            hash.AppendData(buffer, 0, read);
            rest -= read;
        }
        stream.ReadExactly(buffer, 0, SHA256.HashSizeInBytes);
        return hash.GetHashAndReset().AsSpan().SequenceEqual(buffer.AsSpan(0, SHA256.HashSizeInBytes));
    }

    private static string ReadText(BinaryReader reader) => Encoding.UTF8.GetString(reader.ReadBytes((int)reader.ReadInt64()));

    private static void ReadInto(BinaryReader reader, Tensor tensor)
    {
        if (reader.ReadInt64() is var length && length != tensor.numel())
        {
            throw new InvalidOperationException($"The same key was given to {length} and {tensor.numel()} values.");
        }
        using var gradients = no_grad();
        ForEachSlice(tensor, slice =>
        {
            var values = new float[slice.numel()];
            reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
            slice.copy_(torch.tensor(values));
        });
    }

    private static void ForEachSlice(Tensor tensor, Action<Tensor> action)
    {
        for (long start = 0; start < tensor.numel(); start += Slice)
        {
            using var scope = NewDisposeScope();
            action(tensor.narrow(0, start, Math.Min(Slice, tensor.numel() - start)));
        }
    }
}

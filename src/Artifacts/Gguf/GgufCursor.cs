using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace IterativeDpo.Artifacts.Gguf;

/// <summary>
/// Reads little-endian values from mapped memory. Nothing is read, and nothing allocated, before the bytes are known to be there.
/// </summary>
internal unsafe ref struct GgufCursor(byte* start, long length, string path)
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private readonly byte* _start = start;
    private readonly long _length = length;

    public long Position { get; private set; }

    public readonly ulong Remaining => (ulong)(_length - Position);

    /// <summary>The next <paramref name="count"/> values' bytes.</summary>
    public ReadOnlySpan<byte> Take(ulong count, int size, string what)
    {
        if (count > Remaining / (ulong)size)
            throw Damaged($"{what} needs {count} × {size} bytes, but {Remaining} are left in the file");
        if (count > (ulong)(int.MaxValue / size))
            throw Damaged($"{what} is {count} × {size} bytes long, over the 2 GiB this program reads");
        var bytes = new ReadOnlySpan<byte>(_start + Position, (int)count * size);
        Position += bytes.Length;
        return bytes;
    }

    public T Read<T>(string what) where T : unmanaged => MemoryMarshal.Read<T>(Take(1, Unsafe.SizeOf<T>(), what));

    /// <summary>A key or a tensor's name: valid UTF-8.</summary>
    public string ReadName(string what)
    {
        var bytes = Take(Read<ulong>(what), 1, what);
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw Damaged($"{what} is not valid UTF-8");
        }
    }

    public GgufValue ReadValue(GgufValueType type, string what) => GgufValue.Of(type switch
    {
        GgufValueType.UInt8 => Read<byte>(what),
        GgufValueType.Int8 => Read<sbyte>(what),
        GgufValueType.UInt16 => Read<ushort>(what),
        GgufValueType.Int16 => Read<short>(what),
        GgufValueType.UInt32 => Read<uint>(what),
        GgufValueType.Int32 => Read<int>(what),
        GgufValueType.Float32 => Read<float>(what),
        GgufValueType.Bool => Read<byte>(what) != 0,
        GgufValueType.String => ReadText(what),
        GgufValueType.Array => ReadArray(what),
        GgufValueType.UInt64 => Read<ulong>(what),
        GgufValueType.Int64 => Read<long>(what),
        GgufValueType.Float64 => Read<double>(what),
        _ => throw Damaged($"{what} has the unknown type {(uint)type}"),
    });

    public readonly UserInputException Damaged(string what) => new(
        $"{path}: damaged GGUF file, at byte {Position}: {what}. Copy or download the file again, or export it anew.");

    private object ReadArray(string what)
    {
        var type = (GgufValueType)Read<uint>(what);
        var count = Read<ulong>(what);
        return type switch
        {
            GgufValueType.UInt8 => Numbers<byte>(count, what),
            GgufValueType.Int8 => Numbers<sbyte>(count, what),
            GgufValueType.UInt16 => Numbers<ushort>(count, what),
            GgufValueType.Int16 => Numbers<short>(count, what),
            GgufValueType.UInt32 => Numbers<uint>(count, what),
            GgufValueType.Int32 => Numbers<int>(count, what),
            GgufValueType.Float32 => Numbers<float>(count, what),
            GgufValueType.Bool => Array.ConvertAll(Numbers<byte>(count, what), b => b != 0),
            GgufValueType.String => Texts(count, what),
            GgufValueType.UInt64 => Numbers<ulong>(count, what),
            GgufValueType.Int64 => Numbers<long>(count, what),
            GgufValueType.Float64 => Numbers<double>(count, what),
            GgufValueType.Array => throw Damaged($"{what} is an array of arrays, which llama.cpp does not read either"),
            _ => throw Damaged($"{what} is an array of the unknown type {(uint)type}"),
        };
    }

    private T[] Numbers<T>(ulong count, string what) where T : unmanaged =>
        MemoryMarshal.Cast<byte, T>(Take(count, Unsafe.SizeOf<T>(), what)).ToArray();

    private string[] Texts(ulong count, string what)
    {
        // A string is 8 bytes at least, so a count over this cannot be true.
        if (count > Remaining / 8) throw Damaged($"{what} counts {count} strings, but {Remaining} bytes are left in the file");
        var texts = new string[count];
        for (var i = 0; i < texts.Length; i++) texts[i] = ReadText(what);
        return texts;
    }

    private string ReadText(string what) => Encoding.UTF8.GetString(Take(Read<ulong>(what), 1, what));
}

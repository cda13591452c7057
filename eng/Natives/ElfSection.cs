using System.Buffers.Binary;

namespace IterativeDpo.Natives;

/// <summary>One entry of a 64-bit little-endian ELF file's section table.</summary>
/// <param name="Link">The section this one is about: a string table's or a symbol table's number.</param>
/// <param name="Info">For version sections: how many entries.</param>
internal sealed record ElfSection(uint Type, long Offset, long Size, uint Link, uint Info)
{
    private const int HeaderSize = 64;
    private const int EntrySize = 64;
    private const uint WithoutBytes = 8;

    /// <summary>The whole table. Every section lies inside the file, so a file that was cut short is refused.</summary>
    /// <param name="length">The file's.</param>
    /// <param name="read">Gives the bytes from an offset on, as many; both lie inside the file.</param>
    /// <exception cref="InvalidDataException">It is no such file, or is cut short.</exception>
    public static IReadOnlyList<ElfSection> ReadTable(long length, Func<long, int, byte[]> read)
    {
        var header = length < HeaderSize ? [] : read(0, HeaderSize);
        if (!header.AsSpan().StartsWith("\u007fELF\u0002\u0001"u8))
        {
            throw new InvalidDataException("this is not a 64-bit little-endian ELF file");
        }
        var offset = BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(0x28));
        var size = BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(0x3c)) * EntrySize;
        EnsureInside(offset, size, length);
        ElfSection[] sections = [.. read(offset, size).Chunk(EntrySize).Select(Read)];
        foreach (var section in sections.Where(section => section.Type != WithoutBytes))
        {
            EnsureInside(section.Offset, section.Size, length);
        }
        return sections;
    }

    public static void EnsureInside(long offset, long size, long length)
    {
        if (offset < 0 || size < 0 || offset > length - size)
        {
            throw new InvalidDataException("the file is cut short or damaged");
        }
    }

    private static ElfSection Read(byte[] entry) => new(
        BinaryPrimitives.ReadUInt32LittleEndian(entry.AsSpan(4)),
        BinaryPrimitives.ReadInt64LittleEndian(entry.AsSpan(24)),
        BinaryPrimitives.ReadInt64LittleEndian(entry.AsSpan(32)),
        BinaryPrimitives.ReadUInt32LittleEndian(entry.AsSpan(40)),
        BinaryPrimitives.ReadUInt32LittleEndian(entry.AsSpan(44)));
}

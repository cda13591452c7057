using System.Buffers.Binary;
using System.Text;

namespace IterativeDpo.Natives;

/// <summary>The sections of a 64-bit little-endian ELF file. Every read is inside the file, or the file is refused.</summary>
internal sealed class ElfImage
{
    private const int HeaderSize = 64;
    private const int SectionHeaderSize = 64;

    private readonly byte[] _bytes;

    /// <exception cref="InvalidDataException">It is no such file, or is cut short.</exception>
    public ElfImage(byte[] bytes)
    {
        _bytes = bytes;
        if (bytes.Length < HeaderSize || !bytes.AsSpan(0, 6).SequenceEqual("\u007fELF\u0002\u0001"u8))
        {
            throw new InvalidDataException("this is not a 64-bit little-endian ELF file");
        }
        var table = UInt64(0x28);
        var count = UInt16(0x3c);
        Sections = [.. Enumerable.Range(0, count).Select(index => ReadSection(table + (index * SectionHeaderSize)))];
    }

    public IReadOnlyList<ElfSection> Sections { get; }

    public ElfSection? Find(uint type) => Sections.FirstOrDefault(section => section.Type == type);

    public ushort UInt16(long offset) => BinaryPrimitives.ReadUInt16LittleEndian(At(offset, 2));

    public uint UInt32(long offset) => BinaryPrimitives.ReadUInt32LittleEndian(At(offset, 4));

    public long UInt64(long offset) => checked((long)BinaryPrimitives.ReadUInt64LittleEndian(At(offset, 8)));

    public void WriteUInt16(long offset, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(At(offset, 2), value);

    /// <summary>A text of a string table, up to its zero byte.</summary>
    public string Text(ElfSection table, uint index)
    {
        var rest = At(table.Offset + index, table.Size - index);
        return Encoding.ASCII.GetString(rest[..Math.Max(0, rest.IndexOf((byte)0))]);
    }

    private ElfSection ReadSection(long header) =>
        new(UInt32(header + 4), UInt64(header + 24), UInt64(header + 32), UInt32(header + 40), UInt32(header + 44));

    private Span<byte> At(long offset, long length) => offset >= 0 && length >= 0 && offset <= _bytes.Length - length
        ? _bytes.AsSpan((int)offset, (int)length)
        : throw new InvalidDataException("the file is cut short or damaged");
}

/// <param name="Link">The section this one is about: a string table's or a symbol table's number.</param>
/// <param name="Info">For version sections: how many entries.</param>
internal sealed record ElfSection(uint Type, long Offset, long Size, uint Link, uint Info);

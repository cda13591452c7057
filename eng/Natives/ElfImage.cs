using System.Buffers.Binary;
using System.Text;

namespace IterativeDpo.Natives;

/// <summary>A 64-bit little-endian ELF file in memory. Every read is inside the file, or the file is refused.</summary>
internal sealed class ElfImage
{
    private readonly byte[] _bytes;

    /// <exception cref="InvalidDataException">It is no such file, or is cut short.</exception>
    public ElfImage(byte[] bytes)
    {
        _bytes = bytes;
        Sections = ElfSection.ReadTable(bytes.Length, (offset, length) => At(offset, length).ToArray());
    }

    public IReadOnlyList<ElfSection> Sections { get; }

    public ElfSection? Find(uint type) => Sections.FirstOrDefault(section => section.Type == type);

    /// <summary>The section that another one's entries refer to.</summary>
    public ElfSection Linked(ElfSection section) => section.Link < Sections.Count
        ? Sections[(int)section.Link]
        : throw new InvalidDataException("the file is damaged: a section refers to one that is not there");

    public ushort UInt16(long offset) => BinaryPrimitives.ReadUInt16LittleEndian(At(offset, 2));

    public uint UInt32(long offset) => BinaryPrimitives.ReadUInt32LittleEndian(At(offset, 4));

    public void WriteUInt16(long offset, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(At(offset, 2), value);

    /// <summary>A text of a string table, up to its zero byte.</summary>
    public string Text(ElfSection table, uint index)
    {
        var rest = At(table.Offset + index, table.Size - index);
        return rest.IndexOf((byte)0) is var end and >= 0
            ? Encoding.ASCII.GetString(rest[..end])
            : throw new InvalidDataException("the file is damaged: a name has no end");
    }

    /// <summary>The offsets of a chain of version entries, each of which says how far the next one is.</summary>
    /// <param name="nextField">Where in an entry that is.</param>
    public IEnumerable<long> Chain(long offset, uint count, int nextField)
    {
        for (var left = count; left > 0; left--)
        {
            yield return offset;
            var next = UInt32(offset + nextField);
            if (next == 0 && left > 1)
            {
                throw new InvalidDataException("the file is damaged: a list of versions ends early");
            }
            offset += next;
        }
    }

    private Span<byte> At(long offset, long length)
    {
        ElfSection.EnsureInside(offset, length, _bytes.Length);
        return _bytes.AsSpan((int)offset, (int)length);
    }
}

namespace IterativeDpo.Natives;

/// <summary>
/// The versions of another library's symbols that a library asks for. The dynamic linker refuses a library that asks for a version
/// the system lacks, although no symbol of it may be used: GCC 13's &lt;iostream&gt; leaves such a mark
/// (<c>_ZSt21ios_base_library_initv</c>, GLIBCXX_3.4.32) in whatever includes it. A need that is marked weak is not refused. Layout: "ELF
/// Symbol Versioning" in the Linux Standard Base, sections .gnu.version, .gnu.version_r and .gnu.version_d.
/// </summary>
public static class VersionNeeds
{
    private const uint RelocationSection = 4;
    private const uint SymbolSection = 11;
    private const uint DefinitionSection = 0x6ffffffd;
    private const uint NeedSection = 0x6ffffffe;
    private const uint VersionSection = 0x6fffffff;
    private const int RelocationSize = 24;
    private const int SymbolSize = 24;
    private const ushort WeakFlag = 2;
    private const ushort VersionMask = 0x7fff;

    /// <summary>The versions that a library defines.</summary>
    /// <exception cref="InvalidDataException">It cannot be read.</exception>
    public static IReadOnlySet<string> Defined(byte[] library)
    {
        var image = new ElfImage(library);
        var names = new HashSet<string>();
        if (image.Find(DefinitionSection) is not { } section)
        {
            return names;
        }
        foreach (var entry in image.Chain(section.Offset, section.Info, nextField: 16))
        {
            names.Add(image.Text(image.Linked(section), image.UInt32(entry + image.UInt32(entry + 12))));
        }
        return names;
    }

    /// <summary>
    /// Marks as weak, in place, each version of <paramref name="needed"/> that is not among <paramref name="provided"/>, and returns them.
    /// </summary>
    /// <param name="needed">The library asked, by its file name.</param>
    /// <exception cref="InvalidDataException">The file cannot be read, or it uses a symbol of a missing version; nothing was
    /// changed.</exception>
    public static IReadOnlyList<string> Weaken(byte[] library, string needed, IReadOnlySet<string> provided)
    {
        var image = new ElfImage(library);
        Need[] missing = [.. Read(image, needed).Where(need => !provided.Contains(need.Version))];
        if (missing.Length > 0 && Used(image, missing) is { } use)
        {
            throw new InvalidDataException(
                $"it uses {use.Symbol}, which {needed} has from version {use.Version} on and this system's has not; use a system with a newer {needed}");
        }
        foreach (var need in missing)
        {
            image.WriteUInt16(need.FlagsOffset, (ushort)(image.UInt16(need.FlagsOffset) | WeakFlag));
        }
        return [.. missing.Select(need => need.Version)];
    }

    private static IEnumerable<Need> Read(ElfImage image, string needed)
    {
        if (image.Find(NeedSection) is not { } section)
        {
            yield break;
        }
        var texts = image.Linked(section);
        foreach (var file in image
                .Chain(section.Offset, section.Info, nextField: 12)
                .Where(file => image.Text(texts, image.UInt32(file + 4)) == needed))
        {
            foreach (var version in image.Chain(file + image.UInt32(file + 8), image.UInt16(file + 2), nextField: 12))
            {
                yield return new Need(image.Text(texts, image.UInt32(version + 8)), image.UInt16(version + 6), version + 4);
            }
        }
    }

    /// <summary>The first relocation for a symbol of one of these versions, or null.</summary>
    private static (string Symbol, string Version)? Used(ElfImage image, Need[] needs)
    {
        var symbols = image.Find(SymbolSection) ?? throw new InvalidDataException("the file has no dynamic symbols");
        var versions = image.Find(VersionSection) ?? throw new InvalidDataException("the file has no symbol versions");
        foreach (var section in image.Sections.Where(section => section.Type == RelocationSection))
        {
            for (long offset = 0; offset < section.Size; offset += RelocationSize)
            {
                var symbol = image.UInt32(section.Offset + offset + 12);
                var version = image.UInt16(versions.Offset + (symbol * 2L)) & VersionMask;
                if (symbol != 0 && needs.FirstOrDefault(need => need.Index == version) is { } need)
                {
                    return (image.Text(image.Linked(symbols), image.UInt32(symbols.Offset + (symbol * (long)SymbolSize))), need.Version);
                }
            }
        }
        return null;
    }

    /// <param name="Index">What a symbol's entry in .gnu.version says for this version.</param>
    /// <param name="FlagsOffset">Where its flags are in the file.</param>
    private sealed record Need(string Version, ushort Index, long FlagsOffset);
}

using System.Buffers.Binary;
using IterativeDpo.Natives;

namespace IterativeDpo.Training.Tests.Torch;

/// <summary>On TorchSharp's library as it lies beside the test, with the marks of this system taken off.</summary>
public sealed class VersionNeedsTests
{
    private const string NotUsed = "GLIBCXX_3.4.32";
    private const string Used = "GLIBCXX_3.4.21";
    private const ushort Weak = 2;

    private static readonly string[] _known =
    [
        "GLIBCXX_3.4",
        "CXXABI_1.3",
        .. Enumerable.Range(1, 40).SelectMany(version => new[] { $"GLIBCXX_3.4.{version}", $"CXXABI_1.3.{version}" }),
    ];

    private static readonly byte[] _laid = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "libLibTorchSharp.so"));
    private static readonly int _entry = EntryOf(NotUsed);
    private static readonly byte[] _packaged = Packaged();

    [Fact]
    public void Weaken_allVersionsProvided_changesNothing()
    {
        var library = Copy();

        Assert.Empty(Weaken(library));

        Assert.Equal(_packaged, library);
    }

    [Fact]
    public void Weaken_unusedVersionNotProvided_setsItsFlagAndNothingElse()
    {
        var library = Copy();

        Assert.Equal([NotUsed], Weaken(library, without: NotUsed));

        Assert.Equal(Weak, library[_entry + 4]);
        library[_entry + 4] = 0;
        Assert.Equal(_packaged, library);
    }

    [Fact]
    public void Weaken_again_changesNothing()
    {
        var library = Copy();
        Weaken(library, without: NotUsed);
        var once = library.ToArray();

        Assert.Equal([NotUsed], Weaken(library, without: NotUsed));

        Assert.Equal(once, library);
    }

    [Fact]
    public void Weaken_usedVersionNotProvided_isRefusedWithSymbolAndVersion()
    {
        var library = Copy();

        var error = Assert.Throws<InvalidDataException>(() => Weaken(library, without: Used));

        Assert.Matches(@$"^it uses _Z\w+, which libstdc\+\+\.so\.6 has from version {Used} on", error.Message);
        Assert.Equal(_packaged, library);
    }

    [Fact]
    public void Weaken_anotherLibrarysVersions_areLeft()
    {
        var library = Copy();

        Assert.Empty(VersionNeeds.Weaken(library, "libnothere.so.1", new HashSet<string>()));

        Assert.Equal(_packaged, library);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(4096)]
    [InlineData(1_000_000)]
    [InlineData(-1)]
    public void Weaken_truncated_isRefused(int length)
    {
        var cut = _packaged[..(length < 0 ? _packaged.Length + length : length)];

        Assert.Throws<InvalidDataException>(() => Weaken(cut, without: NotUsed));
    }

    [Theory]
    [InlineData("#!/bin/sh\nexit 0\n")]
    [InlineData("\u007fELF\u0001\u0001")]
    public void Weaken_noElf64_isRefused(string beginning)
    {
        var file = new byte[4096];
        System.Text.Encoding.ASCII.GetBytes(beginning, file);

        var error = Assert.Throws<InvalidDataException>(() => Weaken(file));

        Assert.Contains("not a 64-bit little-endian ELF file", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Weaken_truncatedAnywhere_isRefused()
    {
        var random = new Random(1);
        for (var round = 0; round < 200; round++)
        {
            var length = random.Next(_packaged.Length);
            Assert.True(Refuses(_packaged[..length], library => Weaken(library, without: NotUsed)), $"{length} bytes");
        }
    }

    [Fact]
    public void Weaken_oneByteCorrupted_isRefusedOrDone()
    {
        var random = new Random(2);
        for (var round = 0; round < 600; round++)
        {
            var library = Copy();
            // Most bytes are code, which nobody reads: two of three go to the header, the versions and the section table.
            var at = (round % 3) switch
            {
                0 => random.Next(library.Length),
                1 => round % 2 == 0 ? random.Next(64) : _entry - 256 + random.Next(512),
                _ => library.Length - 1 - random.Next(2048),
            };
            library[at] ^= (byte)random.Next(1, 256);
            var corrupted = library.ToArray();

            if (Refuses(library, bytes => Weaken(bytes, without: NotUsed)))
            {
                Assert.Equal(corrupted, library);
            }
        }
    }

    [Fact]
    public void Defined_ofThisSystemsLibrary_haveTheFirstVersion() =>
        Assert.Contains("GLIBCXX_3.4", SystemLibrary.VersionsOf(SystemLibrary.StdCxx));

    [Fact]
    public void Defined_oneByteCorruptedOrTruncated_isRefusedOrRead()
    {
        var whole = File.ReadAllBytes(SystemLibrary.PathOf(SystemLibrary.StdCxx));
        var random = new Random(3);
        for (var round = 0; round < 300; round++)
        {
            var library = whole[..(round % 3 == 0 ? random.Next(whole.Length) : whole.Length)];
            if (library.Length == whole.Length)
            {
                library[round % 2 == 0 ? random.Next(64) : whole.Length - 1 - random.Next(2048)] ^= (byte)random.Next(1, 256);
            }
            Refuses(library, bytes => VersionNeeds.Defined(bytes));
        }
    }

    private static IReadOnlyList<string> Weaken(byte[] library, string without = "") =>
        VersionNeeds.Weaken(library, SystemLibrary.StdCxx, _known.Where(version => version != without).ToHashSet());

    /// <summary>True when the file is refused as one that cannot be read; every other exception fails the test.</summary>
    private static bool Refuses(byte[] library, Action<byte[]> read)
    {
        try
        {
            read(library);
            return false;
        }
        catch (InvalidDataException)
        {
            return true;
        }
    }

    private static byte[] Copy() => [.. _packaged];

    private static byte[] Packaged()
    {
        byte[] library = [.. _laid];
        library[_entry + 4] = 0;
        return library;
    }

    /// <summary>
    /// Where the need for a version is: an entry of .gnu.version_r begins with the hash of the version's name; its flags are 4 bytes on.
    /// </summary>
    private static int EntryOf(string version)
    {
        var hash = 0u;
        foreach (var letter in version)
        {
            hash = (hash << 4) + letter;
            hash = (hash ^ ((hash & 0xf0000000) >> 24)) & 0x0fffffff;
        }
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, hash);
        var at = _laid.AsSpan().IndexOf(bytes);
        Assert.True(at > 0 && _laid.AsSpan(at + 1).IndexOf(bytes) < 0, $"{version} is asked for once");
        return at;
    }
}

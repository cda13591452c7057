using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace IterativeDpo.Artifacts.Text;

/// <summary>Says of bytes that ought to be text what is wrong with them, and at which byte of them, from 1.</summary>
public static class TextFault
{
    private const string Convert = "write it in UTF-8 (iconv -f ENCODING -t UTF-8)";

    /// <summary>What keeps a line from being text: UTF-16, bytes that are not UTF-8, a NUL. Null where it is text.</summary>
    public static string? OfLine(ReadOnlySpan<byte> line)
    {
        if (line is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..])
        {
            return $"byte 1 begins a file in UTF-16: {Convert}";
        }
        if (!Utf8.IsValid(line))
        {
            var at = FirstInvalid(line);
            return $"byte {at + 1} (0x{line[at]:X2}) is no UTF-8, but Latin-1 or another encoding: {Convert}";
        }
        return line.IndexOf((byte)0) is >= 0 and var nul
            ? $"byte {nul + 1} is a NUL{(line.Count((byte)0) > line.Length / 4 ? $", as in a file in UTF-16: {Convert}" : ", which no text has: take it out")}"
            : null;
    }

    /// <summary>The same of a line of JSON, and what its strings say by escapes: half of a surrogate pair, a NUL.</summary>
    public static string? OfJson(ReadOnlySpan<byte> line)
    {
        if (OfLine(line) is { } fault)
        {
            return fault;
        }
        for (var at = 0; line[at..].IndexOf((byte)'\\') is >= 0 and var step;)
        {
            at += step;
            var code = CodeAt(line, at);
            var isPair =
                code is { } high && char.IsHighSurrogate((char)high) && CodeAt(line, at + 6) is { } low && char.IsLowSurrogate((char)low);
            if (code is { } unit && char.IsSurrogate((char)unit) && !isPair)
            {
                return $"byte {at + 1} (\\u{unit:x4}) is half of a surrogate pair, and no character: take it out, or write both halves";
            }
            if (code == 0)
            {
                return $"byte {at + 1} (\\u0000) is a NUL, which no text has: take it out";
            }
            at = Math.Min(line.Length, at + (isPair ? 12 : code is null ? 2 : 6));
        }
        return null;
    }

    /// <summary>The code unit of an escape <c>\uXXXX</c>.</summary>
    private static int? CodeAt(ReadOnlySpan<byte> line, int at) =>
        at + 6 <= line.Length && line[at] == '\\' && line[at + 1] == 'u'
            && int.TryParse(line.Slice(at + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)
                ? code
                : null;

    private static int FirstInvalid(ReadOnlySpan<byte> bytes)
    {
        var at = 0;
        while (Rune.DecodeFromUtf8(bytes[at..], out _, out var length) == System.Buffers.OperationStatus.Done)
        {
            at += length;
        }
        return at;
    }
}

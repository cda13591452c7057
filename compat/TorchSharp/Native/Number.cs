namespace TorchSharp.Native;

/// <summary>A scalar as it crosses the boundary: its bits, and what they are.</summary>
internal readonly struct Number
{
    internal const long Integer = 0, Floating = 1;

    internal static readonly Number Absent = new(0, -1);

    internal readonly long Bits;
    internal readonly long Kind;

    internal Number(long bits, long kind)
    {
        Bits = bits;
        Kind = kind;
    }
}

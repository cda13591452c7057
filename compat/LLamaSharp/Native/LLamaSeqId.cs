using System.Runtime.InteropServices;

namespace LLama.Native;

/// <summary>A sequence of a context, from 0.</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct LLamaSeqId
{
    internal readonly int Value;

    private LLamaSeqId(int value) => Value = value;

    public static explicit operator LLamaSeqId(int value) => new(value);

    public readonly override string ToString() => Value.ToString();
}

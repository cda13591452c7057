using System.Runtime.InteropServices;

namespace LLama.Native;

/// <summary>A position in a sequence.</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct LLamaPos
{
    internal readonly int Value;

    private LLamaPos(int value) => Value = value;

    public static implicit operator LLamaPos(int value) => new(value);
}

namespace TorchSharp.Native;

/// <summary>A C++ bool: one byte.</summary>
internal readonly struct Flag(byte value)
{
    private readonly byte _value = value;

    public static implicit operator Flag(bool value) => new(value ? (byte)1 : (byte)0);
    public static implicit operator bool(Flag value) => value._value != 0;
}

namespace IterativeDpo.Artifacts.Gguf;

/// <summary>The type of a metadata value, numbered as in the GGUF specification.</summary>
public enum GgufValueType : uint
{
    UInt8 = 0, Int8 = 1, UInt16 = 2, Int16 = 3, UInt32 = 4, Int32 = 5, Float32 = 6,
    Bool = 7, String = 8, Array = 9, UInt64 = 10, Int64 = 11, Float64 = 12,
}

/// <summary>A metadata value: a scalar, a string, or an array of either (a .NET array of the element's type).</summary>
public sealed class GgufValue
{
    private static readonly Dictionary<Type, GgufValueType> Types = new()
    {
        [typeof(byte)] = GgufValueType.UInt8,
        [typeof(sbyte)] = GgufValueType.Int8,
        [typeof(ushort)] = GgufValueType.UInt16,
        [typeof(short)] = GgufValueType.Int16,
        [typeof(uint)] = GgufValueType.UInt32,
        [typeof(int)] = GgufValueType.Int32,
        [typeof(float)] = GgufValueType.Float32,
        [typeof(bool)] = GgufValueType.Bool,
        [typeof(string)] = GgufValueType.String,
        [typeof(ulong)] = GgufValueType.UInt64,
        [typeof(long)] = GgufValueType.Int64,
        [typeof(double)] = GgufValueType.Float64,
    };

    private GgufValue(GgufValueType type, GgufValueType? elementType, object value)
    {
        Type = type;
        ElementType = elementType;
        Value = value;
    }

    public GgufValueType Type { get; }

    /// <summary>The type of an array's elements; null for anything but an array.</summary>
    public GgufValueType? ElementType { get; }

    public object Value { get; }

    /// <summary>Wraps a number, a bool, a string, or a one-dimensional array of these.</summary>
    /// <exception cref="ArgumentException">GGUF has no such type.</exception>
    public static GgufValue Of(object value)
    {
        var type = value.GetType();
        if (Types.TryGetValue(type, out var scalar)) return new(scalar, null, value);
        if (type.IsArray && Types.TryGetValue(type.GetElementType()!, out var element)) return new(GgufValueType.Array, element, value);
        throw new ArgumentException($"GGUF metadata cannot hold a {type}.", nameof(value));
    }
}

using System.Runtime.InteropServices.Marshalling;
using TorchSharp.Native;

namespace TorchSharp;

/// <summary>A number of any element type.</summary>
[NativeMarshalling(typeof(ScalarMarshaller))]
public sealed class Scalar : IDisposable
{
    internal readonly Number Value;

    private Scalar(long value) => Value = new Number(value, Number.Integer);
    private Scalar(double value) => Value = new Number(BitConverter.DoubleToInt64Bits(value), Number.Floating);

    internal bool IsIntegral => Value.Kind != Number.Floating;

    public static implicit operator Scalar(int value) => new((long)value);
    public static implicit operator Scalar(long value) => new(value);
    public static implicit operator Scalar(float value) => new((double)value);
    public static implicit operator Scalar(double value) => new(value);

    /// <summary>Nothing to release here; the package's scalars hold native memory.</summary>
    public void Dispose() { }
}

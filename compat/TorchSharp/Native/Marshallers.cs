using System.Runtime.InteropServices.Marshalling;

namespace TorchSharp.Native;

/// <summary>
/// A tensor into a native call is its handle, kept alive until the call returns: a temporary must not be finalised while
/// LibTorch reads it. A tensor out of one is a new handle, or the error of this thread.
/// </summary>
[CustomMarshaller(typeof(torch.Tensor), MarshalMode.ManagedToUnmanagedIn, typeof(In))]
[CustomMarshaller(typeof(torch.Tensor), MarshalMode.ManagedToUnmanagedOut, typeof(Out))]
internal static class TensorMarshaller
{
    internal ref struct In
    {
        private torch.Tensor? _tensor;

        public void FromManaged(torch.Tensor? tensor) => _tensor = tensor;

        public readonly nint ToUnmanaged() => _tensor is null ? 0 : _tensor.Handle;

        public readonly void OnInvoked() => GC.KeepAlive(_tensor);

        public readonly void Free() { }
    }

    internal static class Out
    {
        public static torch.Tensor ConvertToManaged(nint handle)
        {
            if (handle == 0) torch.CheckForErrors();
            return new torch.Tensor(handle);
        }
    }
}

/// <summary>A generator into a native call: its handle, kept alive until the call returns.</summary>
[CustomMarshaller(typeof(torch.Generator), MarshalMode.ManagedToUnmanagedIn, typeof(In))]
internal static class GeneratorMarshaller
{
    internal ref struct In
    {
        private torch.Generator? _generator;

        public void FromManaged(torch.Generator? generator) => _generator = generator;

        public readonly nint ToUnmanaged() => _generator is null ? 0 : _generator.Handle;

        public readonly void OnInvoked() => GC.KeepAlive(_generator);

        public readonly void Free() { }
    }
}

[CustomMarshaller(typeof(Scalar), MarshalMode.ManagedToUnmanagedIn, typeof(ScalarMarshaller))]
internal static class ScalarMarshaller
{
    public static Number ConvertToUnmanaged(Scalar? scalar) => scalar is null ? Number.Absent : scalar.Value;
}

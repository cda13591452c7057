using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>A LibTorch tensor. Its handle is released by Dispose, by its dispose scope or by the finaliser.</summary>
    [NativeMarshalling(typeof(TensorMarshaller))]
    public partial class Tensor : IDisposable
    {
        private nint _handle;

        internal Tensor(nint handle)
        {
            _handle = handle;
            OwningDisposeScope = DisposeScopeManager.ThreadSingleton.Register(this);
        }

        ~Tensor() => Dispose(false);

        internal DisposeScope? OwningDisposeScope { get; set; }

        /// <exception cref="InvalidOperationException">The tensor was disposed.</exception>
        internal IntPtr Handle => _handle != 0 ? _handle : throw new InvalidOperationException("Tensor invalid -- empty handle.");

        public void Dispose()
        {
            Dispose(true);
            GC.SuppressFinalize(this);
        }

        protected virtual void Dispose(bool disposing)
        {
            if (_handle == 0) return;
            DisposeScopeManager.ThreadSingleton.CountDisposal();
            OwningDisposeScope?.Detach(this);
            op_dispose(_handle);
            _handle = 0;
        }

        public Tensor MoveToOuterDisposeScope()
        {
            OwningDisposeScope?.MoveToOuter([this]);
            return this;
        }

        public Tensor DetachFromDisposeScope()
        {
            OwningDisposeScope?.Detach(this);
            return this;
        }

        /// <summary>Same shape and elements, as LibTorch compares them.</summary>
        public bool Equals(Tensor target)
        {
            var same = op_equal(this, target);
            CheckForErrors();
            return same;
        }

        public override bool Equals(object? obj) => obj is Tensor other && Equals(other);

        public override int GetHashCode() => base.GetHashCode();

        public override string ToString() => $"[{string.Join("x", shape)}], type = {dtype}, device = {device}";

        private Tensor Changed(bool succeeded)
        {
            Checked(succeeded);
            return this;
        }

        [LibraryImport(Library.Name)] private static partial void op_dispose(nint self);
        [LibraryImport(Library.Name)] private static partial Flag op_equal(Tensor self, Tensor other);
    }
}

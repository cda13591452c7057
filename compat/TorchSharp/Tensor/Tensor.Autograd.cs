using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public bool requires_grad
        {
            get => op_requires_grad(this);
            set => Checked(op_set_requires_grad(this, value));
        }

        public Tensor requires_grad_(bool requires_grad = true)
        {
            this.requires_grad = requires_grad;
            return this;
        }

        public Tensor with_requires_grad(bool requires_grad = true) => requires_grad_(requires_grad);

        public bool is_leaf => op_is_leaf(this);

        /// <summary>Keeps the gradient of a tensor that is not a leaf.</summary>
        public void retain_grad() => Checked(op_retain_grad(this));

        /// <summary>The gradient so far, or null. Each call makes a new object on the same storage.</summary>
        public Tensor? grad
        {
            get
            {
                var handle = op_grad(this);
                if (handle != 0) return new Tensor(handle);
                CheckForErrors();
                return null;
            }
            set => Checked(op_set_grad(this, value));
        }

        public void backward() => autograd.backward([this]);

        public void backward(IList<Tensor>? grad_tensors = null, bool retain_graph = false, bool create_graph = false, IList<Tensor>? inputs = null) =>
            autograd.backward([this], grad_tensors, retain_graph, create_graph, inputs);

        public Tensor detach() => op_detach(this);
        public Tensor detach_() => Changed(op_detach_(this));

        [LibraryImport(Library.Name)] private static partial Flag op_requires_grad(Tensor self);
        [LibraryImport(Library.Name)] private static partial Flag op_set_requires_grad(Tensor self, Flag required);
        [LibraryImport(Library.Name)] private static partial Flag op_is_leaf(Tensor self);
        [LibraryImport(Library.Name)] private static partial Flag op_retain_grad(Tensor self);
        [LibraryImport(Library.Name)] private static partial nint op_grad(Tensor self);
        [LibraryImport(Library.Name)] private static partial Flag op_set_grad(Tensor self, Tensor? value);
        [LibraryImport(Library.Name)] private static partial Tensor op_detach(Tensor self);
        [LibraryImport(Library.Name)] private static partial Flag op_detach_(Tensor self);
    }
}

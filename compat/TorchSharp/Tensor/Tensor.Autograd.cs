using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor requires_grad_(bool requires_grad = true) => Changed(op_set_requires_grad(this, requires_grad));

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
        }

        public void backward() => backward(grad_tensors: null);

        /// <summary>Adds the gradients of this tensor to the grad of the leaves, or of <paramref name="inputs"/> only.</summary>
        public void backward(IList<Tensor>? grad_tensors = null, bool retain_graph = false, bool create_graph = false, IList<Tensor>? inputs = null)
        {
            var (weights, leaves) = (Handles.ArrayOf(grad_tensors), Handles.ArrayOf(inputs));
            var succeeded = op_backward(
                this, Handles.Of(weights), weights.Length, retain_graph, create_graph, Handles.Of(leaves), leaves.Length);
            GC.KeepAlive(weights);
            GC.KeepAlive(leaves);
            Checked(succeeded);
        }

        public Tensor detach() => op_detach(this);

        [LibraryImport(Library.Name)] private static partial Flag op_set_requires_grad(Tensor self, Flag required);
        [LibraryImport(Library.Name)] private static partial nint op_grad(Tensor self);
        [LibraryImport(Library.Name)]
        private static partial Flag op_backward(
            Tensor self, nint[] weights, long weightCount, Flag retainGraph, Flag createGraph, nint[] inputs, long inputCount);
        [LibraryImport(Library.Name)] private static partial Tensor op_detach(Tensor self);
    }
}

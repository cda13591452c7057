using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public static partial class autograd
    {
        /// <summary>Gradients of <paramref name="outputs"/> with respect to <paramref name="inputs"/>, not added to any grad.</summary>
        public static IList<Tensor> grad(
            IList<Tensor> outputs, IList<Tensor> inputs, IList<Tensor>? grad_outputs = null, bool retain_graph = false, bool create_graph = false, bool allow_unused = false)
        {
            var (ofThese, byThese, weights) = (Handles.ArrayOf(outputs), Handles.ArrayOf(inputs), Handles.ArrayOf(grad_outputs));
            var list = op_grad_of(
                Handles.Of(ofThese), ofThese.Length, Handles.Of(byThese), byThese.Length, Handles.Of(weights), weights.Length, retain_graph, create_graph, allow_unused);
            KeepAlive(ofThese, byThese, weights);
            return Handles.Take(list);
        }

        /// <summary>Adds the gradients of <paramref name="tensors"/> to the grad of the leaves, or of <paramref name="inputs"/> only.</summary>
        public static void backward(
            IList<Tensor> tensors, IList<Tensor>? grad_tensors = null, bool? retain_graph = null, bool create_graph = false, IList<Tensor>? inputs = null)
        {
            var (ofThese, weights, byThese) = (Handles.ArrayOf(tensors), Handles.ArrayOf(grad_tensors), Handles.ArrayOf(inputs));
            var succeeded = op_backward(
                Handles.Of(ofThese), ofThese.Length, Handles.Of(weights), weights.Length, retain_graph ?? create_graph, create_graph, Handles.Of(byThese), byThese.Length);
            KeepAlive(ofThese, byThese, weights);
            Checked(succeeded);
        }

        public static void backward(
            Tensor tensor, IList<Tensor>? grad_tensors = null, bool? retain_graph = null, bool create_graph = false, IList<Tensor>? inputs = null) =>
            backward([tensor], grad_tensors, retain_graph, create_graph, inputs);

        public static void backward(
            Tensor tensor, Tensor grad_tensor, bool? retain_graph = null, bool create_graph = false, IList<Tensor>? inputs = null) =>
            backward([tensor], [grad_tensor], retain_graph, create_graph, inputs);

        private static void KeepAlive(Tensor[] outputs, Tensor[] inputs, Tensor[] weights)
        {
            GC.KeepAlive(outputs);
            GC.KeepAlive(inputs);
            GC.KeepAlive(weights);
        }

        [LibraryImport(Library.Name)]
        private static partial nint op_grad_of(
            nint[] outputs, long outputCount, nint[] inputs, long inputCount, nint[] weights, long weightCount, Flag retainGraph, Flag createGraph, Flag allowUnused);

        [LibraryImport(Library.Name)]
        private static partial Flag op_backward(
            nint[] outputs, long outputCount, nint[] weights, long weightCount, Flag retainGraph, Flag createGraph, nint[] inputs, long inputCount);
    }
}

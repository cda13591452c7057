using IterativeDpo.Training.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Tests.Torch;

public sealed class LinearMapTests : IDisposable
{
    private const string Name = "blk.0.attn_output", AName = Name + ".lora_a", BName = Name + ".weight.lora_b";

    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Backward_under_dropout_equals_autograd_through_the_same_mask()
    {
        var config = TinyModel.Config();
        var read = TinyModel.Weights(config);
        using var weights = new ModelWeights(config, part => read(part.Name), _ => null, ScalarType.Float32, trainable: true, CPU);
        using var lora = new LoraWeights(config, new(4, 8, ["attn_output"]), CPU);
        lora.Parameters.Values.copy_(Wave(lora.Parameters.Values.numel()) * 0.2f);
        var dropout = new LoraDropout(0.4f, 7);
        var map = new LinearMap(weights, Name, null, lora.On(Name), dropout);
        var (x, gradient) = (Wave(5 * 32).view(5, 32), Wave(5 * 32).view(5, 32) + 0.1f);

        var (input, w, a, b) = (Leaf(x), Leaf(weights[Name]), Leaf(lora.Parameters[AName]), Leaf(lora.Parameters[BName]));
        var expected = input.mm(w.t()) + (input * dropout.Mask(x, Name)).mm(a.t()).mm(b.t()) * (8f / 4 / 0.6f);
        expected.backward([gradient]);

        var (output, kept) = map.Forward(x);
        AssertClose(expected, output);
        AssertClose(input.grad!, map.Backward(kept, gradient)!);
        AssertClose(w.grad!, weights.Gradient(Name)!);
        AssertClose(a.grad!, lora.Parameters.Gradient(AName));
        AssertClose(b.grad!, lora.Parameters.Gradient(BName));
    }

    private static Tensor Wave(long count) => sin(arange(count).to(ScalarType.Float32) * 0.7f);

    private static Tensor Leaf(Tensor values) => values.detach().clone().requires_grad_();

    private static void AssertClose(Tensor expected, Tensor actual) =>
        Assert.InRange((expected - actual).abs().max().item<float>(), 0, 1e-5f);
}

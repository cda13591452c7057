using IterativeDpo.Training.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Tests.Torch;

public sealed class ChunkedHeadTests : IDisposable
{
    // Under this many rows a chunk takes them all; a vocabulary this large makes chunks of 16.
    private const int Rows = 40, Dim = 6, Vocabulary = 400_000;

    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Theory]
    [InlineData(11)]
    [InlineData(Vocabulary)]
    public void Forward_equals_log_softmax_and_its_gradient(int vocabulary)
    {
        var (weight, hidden, targets) = Inputs(vocabulary);
        var exact = hidden.to(ScalarType.Float64).requires_grad_();
        var expected = exact.mm(weight.to(ScalarType.Float64).t()).log_softmax(1);
        var picked = expected.gather(1, targets.unsqueeze(1)).squeeze(1);
        picked.sum().backward();

        var output = ChunkedHead.Forward(weight, hidden, targets);

        AssertClose(picked, output.LogProbs);
        AssertClose(exact.grad!, output.Slopes);
        AssertClose(-(expected.exp() * expected).sum(1), output.Entropies);
        AssertClose((expected.argmax(1) == targets).to(ScalarType.Float32), output.Hits);
        AssertClose(picked, ChunkedHead.LogProbs(weight, hidden, targets));
    }

    [Fact]
    public void Forward_with_a_cap_equals_log_softmax_of_capped_logits_and_its_gradient()
    {
        const float cap = 2;
        var (weight, hidden, targets) = Inputs(11);
        var exact = hidden.to(ScalarType.Float64).requires_grad_();
        var expected = ((exact.mm(weight.to(ScalarType.Float64).t()) / cap).tanh() * cap).log_softmax(1);
        var picked = expected.gather(1, targets.unsqueeze(1)).squeeze(1);
        picked.sum().backward();

        var output = ChunkedHead.Forward(weight, hidden, targets, confidences: true, cap);

        AssertClose(picked, output.LogProbs);
        AssertClose(exact.grad!, output.Slopes);
        AssertClose(-(expected.exp() * expected).sum(1), output.Entropies);
        AssertClose(picked - (2 * expected).exp().sum(1).log(), output.Confidences!);
        AssertClose(picked, ChunkedHead.LogProbs(weight, hidden, targets, cap));
    }

    [Theory]
    [InlineData(11)]
    [InlineData(Vocabulary)]
    public void AddWeightGradient_adds_what_autograd_gives(int vocabulary)
    {
        var (weight, hidden, targets) = Inputs(vocabulary);
        var gradient = cos(arange(Rows).to(ScalarType.Float32));
        weight.requires_grad_();
        (hidden.mm(weight.t()).log_softmax(1).gather(1, targets.unsqueeze(1)).squeeze(1) * gradient).sum().backward();
        var into = ones(vocabulary, Dim);

        ChunkedHead.AddWeightGradient(
            weight.detach(), hidden, targets, ChunkedHead.Forward(weight.detach(), hidden, targets).LogNormalisers, gradient, into);

        AssertClose(weight.grad! + 1, into);
    }

    private static (Tensor Weight, Tensor Hidden, Tensor Targets) Inputs(int vocabulary) => (
        sin(arange(vocabulary * Dim).to(ScalarType.Float32) * 0.37f).view(vocabulary, Dim),
        sin(arange(Rows * Dim).to(ScalarType.Float32) * 0.91f).view(Rows, Dim),
        Floats.Indexes(Enumerable.Range(0, Rows).Select(i => i * 7 % vocabulary), CPU));

    private static void AssertClose(Tensor expected, Tensor actual)
    {
        var difference = (expected - actual).abs().max().to(ScalarType.Float32).item<float>();
        Assert.True(difference < 5e-5, $"differs by {difference}");
    }
}

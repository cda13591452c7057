using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// A forward pass that a loss over <see cref="LogProbs"/> can be sent back through: compute the loss, call its
/// <c>backward()</c>, then <see cref="Backward"/>. The loss sees S numbers; the head and the body are left to this.
/// </summary>
public sealed class ForwardPass
{
    private readonly BatchTensors _batch;
    private readonly Tensor _hidden;
    private readonly Tensor _head;
    private readonly Tensor? _headGradient;
    private readonly HeadOutput _output;

    internal ForwardPass(BatchTensors batch, Tensor hidden, Tensor head, Tensor? headGradient, ScalarType type)
    {
        _batch = batch;
        _hidden = hidden;
        using var gradients = no_grad();
        _head = head.to(type);
        _headGradient = headGradient;
        _output = ChunkedHead.Forward(_head, hidden.detach(), batch.Targets);
        LogProbs = batch.SumByBranch(_output.LogProbs).requires_grad_();
    }

    /// <summary>Summed log-prob of each completion, float32 [S]: a leaf of the loss's graph.</summary>
    public Tensor LogProbs { get; }

    /// <summary>Summed entropies of the distributions that each completion's tokens come from, nats [S].</summary>
    public Tensor Entropies => _batch.SumByBranch(_output.Entropies);

    /// <summary>How many of each completion's tokens were the likeliest ones, [S].</summary>
    public Tensor Hits => _batch.SumByBranch(_output.Hits);

    /// <summary>Adds the gradients of everything trained, from the gradient that the loss left on <see cref="LogProbs"/>.</summary>
    public void Backward()
    {
        var gradient = LogProbs.grad!.index_select(0, _batch.PredictionBranches); // [M]
        if (_headGradient is not null)
        {
            ChunkedHead.AddWeightGradient(_head, _hidden.detach(), _batch.Targets, gradient, _headGradient);
        }
        autograd.backward(_hidden, _output.Slopes * gradient.unsqueeze(1));
    }
}

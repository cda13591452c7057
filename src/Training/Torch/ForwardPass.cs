using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// A forward pass that a loss over <see cref="TokenLogProbs"/> can be sent back through: compute the loss, call its
/// <c>backward()</c>, then <see cref="Backward"/>. The loss sees M numbers; the head and the body are left to this.
/// </summary>
public sealed class ForwardPass
{
    private readonly BatchTensors _batch;
    private readonly Tensor _hidden;
    private readonly Tensor _head;
    private readonly Tensor? _headGradient;

    internal ForwardPass(BatchTensors batch, Tensor hidden, Tensor head, Tensor? headGradient, ScalarType type, bool confidences)
    {
        _batch = batch;
        _hidden = hidden;
        using var gradients = no_grad();
        _head = head.to(type);
        _headGradient = headGradient;
        Output = ChunkedHead.Forward(_head, hidden.detach(), batch.Targets, confidences);
        TokenLogProbs = Output.LogProbs.requires_grad_();
    }

    /// <summary>Log-prob of each completion token, float32 [M]: a leaf of the loss's graph.</summary>
    public Tensor TokenLogProbs { get; }

    /// <summary>All that the head says of the tokens; no gradient goes through it.</summary>
    internal HeadOutput Output { get; }

    /// <summary>Adds the gradients of everything trained, from the gradient that the loss left on <see cref="TokenLogProbs"/>.</summary>
    public void Backward()
    {
        var gradient = TokenLogProbs.grad!; // [M]
        if (_headGradient is not null)
        {
            ChunkedHead.AddWeightGradient(_head, _hidden.detach(), _batch.Targets, gradient, _headGradient);
        }
        autograd.backward(_hidden, Output.Slopes * gradient.unsqueeze(1));
    }
}

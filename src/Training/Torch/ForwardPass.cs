using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// A forward pass that a loss over <see cref="TokenLogProbs"/> can be sent back through: compute the loss, call its
/// <c>backward()</c>, then <see cref="Backward"/>. The loss sees M numbers; the head and the body are left to this.
/// </summary>
public sealed class ForwardPass
{
    private readonly BatchTensors _batch;
    private readonly DecoderPass _body;
    private readonly Tensor _head;
    private readonly Tensor? _headGradient;
    private readonly float _cap;

    internal ForwardPass(BatchTensors batch, DecoderPass body, Tensor head, Tensor? headGradient, bool confidences, float cap)
    {
        (_batch, _body, _head, _headGradient, _cap) = (batch, body, head, headGradient, cap);
        Output = ChunkedHead.Forward(head, body.Hidden, batch.Targets, confidences, cap);
        TokenLogProbs = Output.LogProbs.requires_grad_();
    }

    /// <summary>Log-prob of each completion token, float32 [M]: a leaf of the loss's graph.</summary>
    public Tensor TokenLogProbs { get; }

    /// <summary>Where the experts' tokens went; null where nobody asked.</summary>
    internal RouterLoad? Load { get; init; }

    /// <summary>All that the head says of the tokens; no gradient goes through it.</summary>
    internal HeadOutput Output { get; }

    /// <summary>Adds the gradients of everything trained, from the gradient that the loss left on <see cref="TokenLogProbs"/>.</summary>
    public void Backward()
    {
        using var gradients = no_grad();
        using var scope = NewDisposeScope();
        var gradient = TokenLogProbs.grad!; // [M]
        if (_headGradient is not null)
        {
            ChunkedHead.AddWeightGradient(_head, _body.Hidden, _batch.Targets, Output.LogNormalisers, gradient, _headGradient, _cap);
        }
        _body.Backward(Output.Slopes * gradient.unsqueeze(1));
    }
}

using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>Attention that blocks share which attend alike.</summary>
internal interface IAttention : ITokenMixer
{
    /// <summary>
    /// As <see cref="ITokenMixer.Forward"/>, with a sink in each head's softmax: p_j = e^(s_j) / (e^sink + Σ e^(s_k)), so that the p_j of
    /// a row sum to less than 1. <see cref="ITokenMixer.Backward"/> takes the trace.
    /// </summary>
    /// <param name="sinks">float32 [heads].</param>
    /// <returns>Also what the sink takes of each row, e^sink over the same sum, float32 [rows, heads].</returns>
    (Tensor Rows, Tensor Taken, IReadOnlyList<Tensor> Trace) Forward(Tensor projected, Tensor sinks);
}

/// <summary>A block's attention with its own sinks.</summary>
/// <param name="sinks">One of each head, float32 [heads].</param>
/// <param name="gradient">Where their gradient is added; null where they are frozen.</param>
internal sealed class SinkAttention(IAttention attention, Tensor sinks, Tensor? gradient) : ITokenMixer
{
    public (Tensor Rows, IReadOnlyList<Tensor> Trace) Forward(Tensor projected)
    {
        using var scope = NewDisposeScope();
        var (rows, taken, trace) = attention.Forward(projected, sinks);
        trace = gradient is null ? trace : [rows, taken, .. trace];
        scope.MoveToOuter([rows, .. trace]);
        return (rows, trace);
    }

    public Tensor Backward(IReadOnlyList<Tensor> trace, Tensor slopes)
    {
        if (gradient is null)
        {
            return attention.Backward(trace, slopes);
        }
        using var scope = NewDisposeScope();
        var (rows, taken) = (trace[0], trace[1]);
        // As the slope of any score, p (dp − Σ p dp), with dp = 0 as there is no value; and Σ p dp = slopes · rows.
        var along = (slopes.to(ScalarType.Float32) * rows).view(taken.size(0), taken.size(1), -1).sum(2);
        gradient.sub_((taken * along).sum([0L]));
        return attention.Backward([.. trace.Skip(2)], slopes).MoveToOuterDisposeScope();
    }
}

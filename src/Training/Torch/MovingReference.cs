using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// A reference that follows the policy (TR-DPO, arXiv 2404.09656 eq. 4): every so many steps ref ← α π + (1 − α) ref, over all that is
/// trained: with LoRA the matrices A and B, each by itself. Its log-probs are computed as the steps need them, by the policy's own tensors
/// with its values in them for as long as that takes, so that it costs one copy of the values and no second model.
/// </summary>
internal sealed class MovingReference : IDisposable
{
    private readonly ParameterBuffer _parameters;
    private readonly ReferenceSyncOptions _options;

    /// <param name="parameters">The policy's.</param>
    /// <param name="start">The reference's first values, [size].</param>
    public MovingReference(ParameterBuffer parameters, Tensor start, ReferenceSyncOptions options)
    {
        (_parameters, _options) = (parameters, options);
        using var gradients = no_grad();
        Values = start.clone().DetachFromDisposeScope();
    }

    /// <summary>The reference's parameters, float32 [size]: part of a run's state.</summary>
    public Tensor Values { get; }

    /// <summary>Takes a share of the policy, where it is time to after so many steps.</summary>
    public void Follow(int steps)
    {
        if (steps % _options.Steps == 0)
        {
            using var gradients = no_grad();
            Values.mul_(1 - _options.Mix).add_(_parameters.Values, _options.Mix);
        }
    }

    /// <summary>Does something with the reference's values in the place of the policy's.</summary>
    public T Run<T>(Func<T> action)
    {
        using var gradients = no_grad();
        using var scope = NewDisposeScope();
        var policy = _parameters.Values.clone();
        _parameters.Values.copy_(Values);
        try
        {
            return action();
        }
        finally
        {
            _parameters.Values.copy_(policy);
        }
    }

    public void Dispose() => Values.Dispose();
}

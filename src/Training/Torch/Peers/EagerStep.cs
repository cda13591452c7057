using IterativeDpo.Artifacts.Models;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch.Peers;

/// <summary>
/// One DPO step as TRL runs it, in eager LibTorch: what <c>bench/peers/torch_dpo_step.py</c> computes, on the LibTorch that the trainer
/// runs on. The trainer's peer in a benchmark; nothing is trained with it. It belongs to the dispose scope that it is made in.
/// </summary>
internal sealed class EagerStep
{
    private readonly EagerModel _policy;
    private readonly EagerModel _reference;
    private readonly EagerBatch _batch;
    private readonly IReadOnlyList<Parameter> _trained;
    private readonly EagerAdamW _optimizer;
    private readonly double _beta;

    /// <param name="read">See <see cref="EagerModel"/>; a policy whose every weight is trained has a reference of its own beside
    /// it.</param>
    /// <param name="readA">See <see cref="EagerModel"/>.</param>
    /// <param name="options">Adapter on every map, AdamW, β, compute type; the other settings of the trainer are none of the
    /// peer's.</param>
    public EagerStep(
        ModelConfig config,
        IReadOnlyList<PreferencePair> pairs,
        Func<string, float[]> read,
        Func<string, float[]> readA,
        TrainingOptions options)
    {
        EagerModel Create() => new(config, read, options.Lora, readA, options.ComputeType == ComputeType.BFloat16);
        _policy = Create();
        _reference = options.Lora is null ? Create() : _policy;
        _batch = EagerBatch.Create(pairs);
        _trained = [.. _policy.Trained];
        _optimizer = new(_trained, options);
        _beta = options.Loss.Beta;
    }

    /// <summary>Computes the sigmoid loss (arXiv 2305.18290, equation 7) and updates the policy.</summary>
    /// <returns>The loss before the update.</returns>
    public float Run()
    {
        using var scope = NewDisposeScope();
        var ratios = _policy.LogProbs(_batch, adapters: true) - ReferenceLogProbs(); // [2P]
        var pairs = ratios.size(0) / 2;
        var loss = -nn.functional.logsigmoid((ratios.narrow(0, 0, pairs) - ratios.narrow(0, pairs, pairs)) * _beta).mean();
        _optimizer.Step(autograd.grad([loss], [.. _trained]));
        return loss.item<float>();
    }

    private Tensor ReferenceLogProbs()
    {
        using var gradients = no_grad();
        return _reference.LogProbs(_batch, adapters: false);
    }
}

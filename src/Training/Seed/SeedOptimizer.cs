using IterativeDpo.Training.Torch;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Seed;

/// <summary>Muon on the matrices of the blocks, AdamW on the rest: the embedding, the output map and the norms.</summary>
internal sealed class SeedOptimizer : IDisposable
{
    private readonly ParameterBuffer _parameters;
    private readonly SeedOptions _options;
    private readonly Muon _muon;
    private readonly AdamW _adam;

    public SeedOptimizer(ParameterBuffer parameters, SeedOptions options)
    {
        _parameters = parameters;
        _options = options;
        var maps = Enumerable.Range(0, SeedModel.Config.Layers).SelectMany(layer => WeightLayout.BlockMaps(SeedModel.Config, layer));
        _muon = new Muon(parameters, maps);
        _adam = new AdamW(parameters, beta1: 0.9f, beta2: 0.98f, epsilon: 1e-8f, weightDecay: 0);
    }

    /// <summary>Takes a step along the gradients there are, and clears them.</summary>
    /// <param name="rateShare">Share of the peak learning rates, 0 to 1.</param>
    public void Step(double rateShare)
    {
        using var gradients = no_grad();
        using var scope = NewDisposeScope();
        var norm = _parameters.Gradients.norm().item<float>();
        _parameters.Gradients.mul_(Math.Min(1, _options.MaxGradNorm / (norm + 1e-6)));
        // Muon takes its gradients away: where one is 0 from the start, AdamW moves nothing.
        _muon.Step(_options.MuonLearningRate * rateShare);
        _adam.Step(_options.AdamLearningRate * rateShare, gradientScale: 1);
        _parameters.Gradients.fill_(0);
    }

    public void Dispose()
    {
        _muon.Dispose();
        _adam.Dispose();
    }
}

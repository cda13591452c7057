using IterativeDpo.Artifacts.Models;
using IterativeDpo.Training.Torch;
using IterativeDpo.Training.Torch.Peers;
using TorchSharp;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Tests.Torch.Peers;

/// <summary>The benchmark's peer computes what the trainer does: a comparison of speed is worth something only then.</summary>
public sealed class EagerStepTests : IDisposable
{
    private const int Steps = 3;

    private static readonly Dictionary<string, ModelConfig> s_configs = new()
    {
        ["llama"] = TinyModel.Config(),
        ["qwen3"] = TinyModel.Config("qwen3", tied: true) with { HeadDim = 16, RopeDim = 16 },
        ["gemma3"] = TinyModel.Config("gemma3", tied: true) with
        {
            HeadDim = 16,
            RopeDim = 16,
            Layers = 3,
            Sliding = new(4, Every: 3, 500),
        },
    };

    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly PreferencePair[] _pairs = TinyModel.Pairs(7);

    public void Dispose() => _scope.Dispose();

    [Theory]
    [InlineData("llama", true, ComputeType.Float32, 1e-4)]
    [InlineData("llama", false, ComputeType.Float32, 1e-4)]
    [InlineData("llama", true, ComputeType.BFloat16, 0.02)]
    [InlineData("llama", false, ComputeType.BFloat16, 0.02)]
    [InlineData("qwen3", true, ComputeType.Float32, 1e-4)]
    [InlineData("qwen3", false, ComputeType.Float32, 1e-4)]
    [InlineData("qwen3", true, ComputeType.BFloat16, 0.02)]
    [InlineData("gemma3", true, ComputeType.Float32, 1e-4)]
    [InlineData("gemma3", false, ComputeType.Float32, 1e-4)]
    [InlineData("gemma3", true, ComputeType.BFloat16, 0.02)]
    public void Run_gives_the_losses_of_the_trainers_steps(string family, bool adapter, ComputeType type, double tolerance)
    {
        var config = s_configs[family];
        var options = Tiny.Options with
        {
            Lora = adapter ? Tiny.Options.Lora : null,
            BatchPairs = _pairs.Length,
            Epochs = Steps,
            MaxGradNorm = 0,
            ComputeType = type,
            WeightDecay = adapter ? 0.01f : 0, // PyTorch's decay takes the norms too, the trainer's does not.
        };
        using var model = PolicyModel.Create(config, TinyModel.Weights(config), type, trainable: !adapter, CPU);
        using var lora = adapter ? new LoraWeights(config, options.Lora!, CPU) : null;
        lora?.Initialise(1);
        var peer = new EagerStep(
            config,
            _pairs,
            HalfSplit(config),
            (lora?.Export() ?? []).ToDictionary(map => map.Tensor, map => map.A).GetValueOrDefault!,
            options);

        var losses = Enumerable.Range(0, Steps).Select(_ => (double)peer.Run()).ToList();

        var expected = Train(model, lora, options);
        Assert.All(expected.Zip(losses), pair => Assert.Equal(pair.First, pair.Second, tolerance));
        Assert.True(losses[^1] < losses[0] - 0.01, "the steps hardly changed the loss");
    }

    [Fact]
    public void Run_keeps_no_tensor_of_a_step()
    {
        var config = s_configs["gemma3"];
        var shapes = config.ListTensors().ToDictionary(spec => spec.Name, spec => spec.Shape);
        var peer = new EagerStep(config, _pairs, HalfSplit(config), name => new float[4 * shapes[name][1]], Tiny.Options);
        peer.Run();
        var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

        peer.Run();

        Assert.Equal(before, DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount);
    }

    private List<double> Train(PolicyModel model, LoraWeights? lora, TrainingOptions options)
    {
        var reference = ReferenceLogProbs.Compute(model, null, _pairs, options, default);
        using var optimizer = Optimizer.Create(options, PreferenceTraining.ParametersOf(model, lora));
        using var training = new PreferenceTraining(model, lora, new(_pairs, reference), null, optimizer, options, 1);
        var history = new List<TrainingStep>();
        training.Run(history, () => { }, null, default);
        return [.. history.Select(step => step.Metrics["loss"])];
    }

    /// <summary>The model's weights in the peer's order of rows.</summary>
    private static Func<string, float[]> HalfSplit(ModelConfig config) => name =>
    {
        var values = TinyModel.Weights(config)(name);
        return config.Architecture.Rope == RopeKind.Interleaved
            && (name.EndsWith("attn_q.weight", StringComparison.Ordinal) || name.EndsWith("attn_k.weight", StringComparison.Ordinal))
                ? RotaryOrder.Change(values, config.Dim, config, RopeKind.Interleaved, RopeKind.HalfSplit)
                : values;
    };
}

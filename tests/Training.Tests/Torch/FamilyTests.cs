using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Training.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Tests.Torch;

/// <summary>What holds for every family beside the log-probs.</summary>
public sealed class FamilyTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose()
    {
        _scope.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [MemberData(nameof(TinyModel.FamilyNames), MemberType = typeof(TinyModel))]
    public void Backward_equals_differences_of_the_log_probs(string family)
    {
        // Where a token changes its experts there is no slope: such weights are passed over.
        var slopes = Enumerable.Range(1, 20).Select(seed => Slopes(TinyModel.Families[family], (ulong)seed));
        var (expected, actual) = slopes.OfType<(double, double)>().First();

        Assert.True(Math.Abs(expected - actual) < 0.01 * Math.Abs(expected) + 0.1, $"differences say {expected}, backward {actual}");
    }

    /// <summary>
    /// By differences along a direction and by the backward pass; null where a token went to other experts at one of the points.
    /// </summary>
    private static (double Expected, double Actual)? Slopes(ModelConfig config, ulong seed)
    {
        using var model = PolicyModel.Create(config, TinyModel.Weights(config, seed), ComputeType.Float32, trainable: true, CPU);
        var packed = PackedExamples.Create(TinyModel.Pairs(3));
        var values = model.Parameters!.Values;
        var direction = (arange(values.numel()).to(ScalarType.Float32) * 1.7f).sin();
        var pass = model.Forward(packed.Batch);
        pass.TokenLogProbs.sum().backward();
        pass.Backward();
        var choices = new HashSet<string>();
        double Along(float step)
        {
            using var gradients = no_grad();
            values.add_(direction, step);
            var moved = model.Forward(packed.Batch, null, routers: new(packed.CountRows(), 0));
            choices.Add(string.Join(' ', moved.Load?.Choices.SelectMany(layer => layer) ?? []));
            values.add_(direction, -step);
            return moved.TokenLogProbs.to(ScalarType.Float64).sum().item<double>();
        }
        var expected = (8 * (Along(5e-4f) - Along(-5e-4f)) - (Along(1e-3f) - Along(-1e-3f))) / 6e-3;
        var actual = (model.Parameters.Gradients.to(ScalarType.Float64) * direction).sum().item<double>();
        return choices.Count == 1 ? (expected, actual) : null;
    }

    [Theory]
    [MemberData(nameof(TinyModel.FamiliesBothWays), MemberType = typeof(TinyModel))]
    public void Backward_in_bfloat16_points_where_float32_does(string family, bool ownLoops)
    {
        var config = TinyModel.Families[family];
        var batch = PackedExamples.Create(TinyModel.Pairs(3)).Batch;
        Tensor Gradient(ComputeType type)
        {
            using var model = PolicyModel.Create(config, TinyModel.Weights(config), type, trainable: true, CPU);
            model.OwnLoops = ownLoops ? OwnLoops.All : OwnLoops.None;
            var pass = model.Forward(batch);
            pass.TokenLogProbs.sum().backward();
            pass.Backward();
            return model.Parameters!.Gradients.clone();
        }

        var (exact, rounded) = (Gradient(ComputeType.Float32), Gradient(ComputeType.BFloat16));

        Assert.InRange((exact.dot(rounded) / (exact.norm() * rounded.norm())).item<float>(), 0.99f, 1.001f);
    }

    [Theory]
    [MemberData(nameof(TinyModel.FamilyNames), MemberType = typeof(TinyModel))]
    public void Checkpointing_leaves_the_same_gradients(string family)
    {
        var config = TinyModel.Families[family];
        var batch = PackedExamples.Create(TinyModel.Pairs(3)).Batch;
        float[] Gradients(bool checkpointing)
        {
            using var model = PolicyModel.Create(config, TinyModel.Weights(config), ComputeType.Float32, trainable: true, CPU);
            model.GradientCheckpointing = checkpointing;
            var pass = model.Forward(batch);
            pass.TokenLogProbs.sum().backward();
            pass.Backward();
            return Floats.Of(model.Parameters!.Gradients);
        }

        Assert.Equal(Gradients(false), Gradients(true));
    }

    [Theory]
    [MemberData(nameof(TinyModel.FamilyNames), MemberType = typeof(TinyModel))]
    public void Full_training_writes_the_model_that_it_read(string family)
    {
        var config = TinyModel.Families[family];
        var (path, written) = (Path.Combine(_folder, "m.gguf"), Path.Combine(_folder, "w.gguf"));
        TinyModel.Write(path, config);
        using var file = GgufFile.Open(path);
        using var model = PolicyModel.Load(file, ComputeType.Float32, trainable: true, CPU);

        ModelWriter.WriteLike(file, written, name => model.Values(name), TensorType.F32);

        Assert.Equal(File.ReadAllBytes(path), File.ReadAllBytes(written));
    }

    [Fact]
    public void Sequence_beyond_the_context_that_is_computed_alike_is_refused()
    {
        var config = TinyModel.Families["phi3, long"];
        using var model = PolicyModel.Create(config, TinyModel.Weights(config), ComputeType.Float32, trainable: false, CPU);

        var e = Assert.Throws<UserInputException>(() =>
            model.Upload(PackedBatch.Create([new(TinyModel.Ids(200, 1), [TinyModel.Ids(58, 2)])])));

        Assert.Contains("a sequence has 257 tokens or more; from 256 on", e.Message);
        model.Upload(PackedBatch.Create([new(TinyModel.Ids(200, 1), [TinyModel.Ids(57, 2)])]));
    }

    [Theory]
    [MemberData(nameof(TinyModel.FamilyNames), MemberType = typeof(TinyModel))]
    public void Memory_estimate_is_near_what_a_pass_keeps(string family)
    {
        // So many rows of the inner blocks that the last one, which keeps fewer, hardly matters.
        var config = TinyModel.Families[family] with { Layers = 12 };
        TinyModel.Write(Path.Combine(_folder, "m.gguf"), config);
        using var file = GgufFile.Open(Path.Combine(_folder, "m.gguf"));
        using var model = PolicyModel.Load(file, ComputeType.Float32, trainable: false, CPU);
        var batch = PackedBatch.Create([new(TinyModel.Ids(40, 1), [TinyModel.Ids(60, 2), TinyModel.Ids(30, 3)])]);
        var rows = batch.TokenIds.Length;
        var estimate = MemoryEstimate.Of(file, Tiny.Options with { MicroBatchTokens = rows }, longest: rows).Activations;
        using var gradients = no_grad();

        var kept = new Decoder(config, model.Weights, null, null, model.OwnLoops).Start(model.Upload(batch), checkpoint: false).KeptBytes;

        // Capped scores are computed by tiles, whose padded probabilities are estimated for longer rows than these.
        Assert.InRange(estimate / (double)kept, config.ScoreCap > 0 ? 0.75 : 0.95, 1.35);
    }
}

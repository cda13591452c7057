using IterativeDpo.Training.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Tests.Torch;

public sealed class LoraDropoutTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Theory]
    [InlineData(0.1f)]
    [InlineData(0.5f)]
    public void Mask_drops_that_share_of_the_values(float share)
    {
        var mask = Mask(new(share, 7), "a");

        Assert.All(mask, value => Assert.True(value is 0 or 1));
        Assert.Equal(share, 1 - mask.Average(), 0.01f);
    }

    [Fact]
    public void Mask_follows_from_seed_part_and_map_alone()
    {
        var dropout = new LoraDropout(0.5f, 7);

        Assert.Equal(Mask(dropout, "a"), Mask(new(0.5f, 7), "a"));
        Assert.Equal(Mask(dropout.At(3), "a"), Mask(dropout.At(3), "a"));
        float[][] others = [Mask(dropout, "b"), Mask(dropout.At(0), "a"), Mask(dropout.At(3), "a"), Mask(new(0.5f, 8), "a")];
        Assert.All(others, other => Assert.Equal(0.5, other.Zip(Mask(dropout, "a"), (x, y) => x == y ? 1.0 : 0).Average(), 0.02));
    }

    [Fact]
    public void Backward_that_runs_the_blocks_again_draws_the_same_masks()
    {
        Assert.Equal(Gradients(checkpointing: false, new(0.4f, 7)), Gradients(checkpointing: true, new(0.4f, 7)));
        Assert.NotEqual(Gradients(checkpointing: false, new(0.4f, 7)), Gradients(checkpointing: false, null));
    }

    private static float[] Gradients(bool checkpointing, LoraDropout? dropout)
    {
        var config = TinyModel.Config();
        using var model = PolicyModel.Create(config, TinyModel.Weights(config), ComputeType.Float32, trainable: false, CPU);
        model.GradientCheckpointing = checkpointing;
        using var lora = new LoraWeights(config, Tiny.Options.Lora!, CPU);
        lora.Parameters.Values.copy_(sin(arange(lora.Parameters.Values.numel()).to(ScalarType.Float32)) * 0.2f);
        var pass = model.Forward(PackedExamples.Create(TinyModel.Pairs(3)).Batch, lora, dropout: dropout);
        pass.TokenLogProbs.sum().backward();
        pass.Backward();
        return Floats.Of(lora.Parameters.Gradients);
    }

    private static float[] Mask(LoraDropout dropout, string map) => Floats.Of(dropout.Mask(zeros(200, 100), map));
}

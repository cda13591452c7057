using IterativeDpo.Training.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Tests.Torch;

public sealed class GradientCheckpointingTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Theory]
    [InlineData(ComputeType.Float32, true)]
    [InlineData(ComputeType.BFloat16, true)]
    [InlineData(ComputeType.BFloat16, false)]
    public void Backward_checkpointed_gives_the_same_bits(ComputeType type, bool ownLoops) =>
        Assert.Equal(Gradients(type, ownLoops, checkpointing: false), Gradients(type, ownLoops, checkpointing: true));

    private static float[] Gradients(ComputeType type, bool ownLoops, bool checkpointing)
    {
        var config = TinyModel.Config();
        using var model = PolicyModel.Create(config, TinyModel.Weights(config), type, trainable: true, CPU);
        (model.OwnLoops, model.GradientCheckpointing) = (ownLoops ? OwnLoops.All : OwnLoops.None, checkpointing);
        var pass = model.Forward(PackedExamples.Create(TinyModel.Pairs(5)).Batch);
        pass.TokenLogProbs.sum().backward();
        pass.Backward();
        return Floats.Of(model.Parameters!.Gradients);
    }
}

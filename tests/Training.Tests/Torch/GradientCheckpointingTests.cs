using IterativeDpo.Training.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Tests.Torch;

public sealed class GradientCheckpointingTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Theory]
    [InlineData(ComputeType.Float32)]
    [InlineData(ComputeType.BFloat16)]
    public void Backward_checkpointed_gives_the_same_bits(ComputeType type) =>
        Assert.Equal(Gradients(type, checkpointing: false), Gradients(type, checkpointing: true));

    private static float[] Gradients(ComputeType type, bool checkpointing)
    {
        var config = TinyModel.Config();
        using var model = PolicyModel.Create(config, TinyModel.Weights(config), type, trainable: true, CPU);
        model.GradientCheckpointing = checkpointing;
        var pass = model.Forward(PackedExamples.Create(TinyModel.Pairs(5)).Batch);
        pass.TokenLogProbs.sum().backward();
        pass.Backward();
        return Floats.Of(model.Parameters!.Gradients);
    }
}

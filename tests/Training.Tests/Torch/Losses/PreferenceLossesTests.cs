using IterativeDpo.Artifacts;
using IterativeDpo.Training.Torch;
using IterativeDpo.Training.Torch.Losses;
using TorchSharp;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Tests.Torch.Losses;

public sealed class PreferenceLossesTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Theory]
    [InlineData(0, 1, 0.598139, 0.825939)]
    // ℓ(−x) = ℓ(x) + x, with βΔ 0.2 and −0.25.
    [InlineData(0.1f, 1, 0.618139, 0.800939)]
    [InlineData(0, 0.9f, 0.618139, 0.800939)]
    [InlineData(0, 0.5f, 0.698139, 0.700939)]
    public void Sigmoid_hand_vector_gives_its_losses(float smoothing, float probability, double first, double second)
    {
        var losses = Compute(new LossOptions("sigmoid") { LabelSmoothing = smoothing }, [-10, -20], [-14, -18], [-11, -19], [-13, -19.5f], probability);

        Assert.Equal(first, losses[0], 5);
        Assert.Equal(second, losses[1], 5);
    }

    [Fact]
    public void Sigmoid_very_long_ratios_stay_finite()
    {
        var losses = Compute(new LossOptions("sigmoid", beta: 1), [-1e6f, 0], [0, -1e6f], [0, 0], [0, 0], 1);

        Assert.Equal(1e6, losses[0], 0);
        Assert.Equal(0, losses[1], 5);
    }

    [Fact]
    public void Named_unknown_loss_lists_the_known_ones()
    {
        var e = Assert.Throws<UserInputException>(() => PreferenceLosses.Named("sigmod"));

        Assert.Contains("'sigmod'", e.Message);
        Assert.Contains("sigmoid", e.Message);
    }

    private static float[] Compute(
        LossOptions options, float[] chosen, float[] rejected, float[] referenceChosen, float[] referenceRejected, float probability)
    {
        LossSide Side(float[] policy, float[] reference) => new(tensor(policy), tensor(reference), tensor(policy), ones(2));
        return Floats.Of(PreferenceLosses.Named("sigmoid").Compute(
            new(Side(chosen, referenceChosen), Side(rejected, referenceRejected), full([2], probability), 2, 2), options));
    }
}

using IterativeDpo.Training.Torch;
using IterativeDpo.Training.Torch.Losses;
using TorchSharp;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Tests.Torch.Losses;

/// <summary>Where a loss could overflow, divide by zero or take the logarithm of nothing.</summary>
public sealed class LossEdgeTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public static TheoryData<string> Names => [.. PreferenceLosses.All.Select(loss => loss.Name)];

    public void Dispose() => _scope.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public void Of_very_long_ratios_is_finite_with_a_finite_gradient(string name)
    {
        // Every combination of a policy and a reference that are certain, far or very far, on both sides.
        float[] ends = [0, -1e-3f, -1e4f, -1e6f];
        var all = (from w in ends from l in ends from wRef in ends from lRef in ends select (w, l, wRef, lRef)).ToArray();
        foreach (var options in Forms(name))
        {
            foreach (var tokens in new float[] { 1, 1000 })
            {
                AssertFinite(
                    options,
                    [.. all.Select(a => a.w)],
                    [.. all.Select(a => a.l)],
                    [.. all.Select(a => a.wRef)],
                    [.. all.Select(a => a.lRef)],
                    tokens);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Of_empty_completions_is_finite_with_a_finite_gradient(string name)
    {
        foreach (var options in Forms(name))
        {
            AssertFinite(options, [0, -3], [0, 0], [0, -2], [0, 0], tokens: 0);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Of_equal_examples_is_the_loss_of_one(string name)
    {
        var one = Of(new LossOptions(name), [-3], [-3], [-3], [-3], 4);
        var many = Of(new LossOptions(name), [-3, -3, -3], [-3, -3, -3], [-3, -3, -3], [-3, -3, -3], 4);

        Assert.Equal(one.Value, many.Value, 1e-5);
        Assert.All(many.Chosen, slope => Assert.Equal(one.Chosen[0] / 3, slope, 1e-5));
        Assert.All(many.Rejected, slope => Assert.Equal(one.Rejected[0] / 3, slope, 1e-5));
    }

    [Theory]
    [InlineData("sigmoid", 1e5, 0)]
    [InlineData("hinge", 1e5, 0)]
    [InlineData("exo_pair", 6.908, .001)]
    [InlineData("apo_zero", 1.5, .5)]
    public void Of_very_long_ratios_goes_to_its_limit(string name, double lost, double won)
    {
        Assert.Equal(lost, Of(new LossOptions(name), [-1e6f], [0], [0], [0], 1).Value, lost * 1e-3);
        Assert.Equal(won, Of(new LossOptions(name), [0], [-1e6f], [0], [0], 1).Value, 1e-3);
    }

    [Fact]
    public void Of_discopop_of_a_lost_pair_is_the_logistic_loss() =>
        Assert.Equal(1e5, Of(new LossOptions("discopop"), [-1e6f], [0], [0], [0], 1).Value, 1);

    [Theory]
    [InlineData(-1e-3f)]
    [InlineData(-1)]
    [InlineData(-50)]
    public void Log1mExp_equals_its_definition(float x) =>
        Assert.Equal(Math.Log(1 - Math.Exp(x)), LossMath.Log1mExp(tensor(x)).item<float>(), 1e-5);

    [Fact]
    public void Log1mExp_of_certainty_is_finite() => Assert.Equal(-16.1, LossMath.Log1mExp(zeros(1)).item<float>(), 0.1);

    /// <summary>A loss with each setting that changes what is exponentiated.</summary>
    private static IEnumerable<LossOptions> Forms(string name)
    {
        var reads = PreferenceLosses.Named(name).Reads;
        foreach (var beta in new[] { 0.1f, 2 })
        {
            var options = new LossOptions(name, beta);
            yield return options;
            foreach (var divergence in Enum.GetValues<FDivergence>().Where(_ => reads.HasFlag(LossSettings.FDivergence)))
            {
                yield return options with { FDivergence = divergence };
            }
            if (reads.HasFlag(LossSettings.FDivergence))
            {
                yield return options with { FDivergence = FDivergence.AlphaDivergence, AlphaDivergenceCoefficient = 2 };
            }
            if (reads.HasFlag(LossSettings.AlphapoAlpha))
            {
                yield return options with { AlphapoAlpha = -0.25f };
            }
            if (reads.HasFlag(LossSettings.DiscopopTau))
            {
                yield return options with { DiscopopTau = 3 };
            }
        }
    }

    private static void AssertFinite(LossOptions options, float[] w, float[] l, float[] wRef, float[] lRef, float tokens)
    {
        var (value, chosen, rejected) = Of(options, w, l, wRef, lRef, tokens);

        Assert.True(float.IsFinite(value), $"{options}: the loss is {value}");
        Assert.True(chosen.Concat(rejected).All(float.IsFinite), $"{options}: a gradient is not finite");
    }

    private static (float Value, float[] Chosen, float[] Rejected) Of(
        LossOptions options,
        float[] w,
        float[] l,
        float[] wRef,
        float[] lRef,
        float tokens)
    {
        using var scope = NewDisposeScope();
        LossSide Side(Tensor leaf, float[] reference) => new(leaf, tensor(reference), leaf, full([reference.Length], tokens));
        var (chosen, rejected) = (tensor(w).requires_grad_(), tensor(l).requires_grad_());
        var value = new Objective(options).Of(
            new(Side(chosen, wRef), Side(rejected, lRef), ones(w.Length), w.Length, (long)(w.Length * tokens)));
        value.backward();
        float[] Slopes(Tensor leaf) => leaf.grad is { } gradient ? Floats.Of(gradient) : new float[w.Length];
        return (value.item<float>(), Slopes(chosen), Slopes(rejected));
    }
}

using IterativeDpo.Generation;
using IterativeDpo.Training.Torch.Losses;
using TorchSharp;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Tests.Torch.Losses;

/// <summary>Every loss with every option that it reads, on random pairs in float64: value and gradient against the plain form.</summary>
public sealed class ObjectiveGradientTests : IDisposable
{
    private const int Count = 5;
    private const float Shift = 0.3f;

    private static readonly (LossSettings Setting, Func<LossOptions, LossOptions> Set)[] Variants =
    [
        (LossSettings.LabelSmoothing, o => o with { LabelSmoothing = 0.2f }),
        (LossSettings.ProbabilisticLabels, o => o with { ProbabilisticLabels = true }),
        (LossSettings.FDivergence, o => o with { FDivergence = FDivergence.ForwardKl }),
        (LossSettings.FDivergence, o => o with { FDivergence = FDivergence.JsDivergence }),
        (LossSettings.FDivergence, o => o with { FDivergence = FDivergence.AlphaDivergence }),
        (LossSettings.FDivergence, o => o with { FDivergence = FDivergence.AlphaDivergence, AlphaDivergenceCoefficient = 1 }),
        (LossSettings.FDivergence, o => o with { FDivergence = FDivergence.AlphaDivergence, AlphaDivergenceCoefficient = 2 }),
        (LossSettings.ReferenceFree, o => o with { ReferenceFree = true }),
        (LossSettings.IpoOnSums, o => o with { IpoOnSums = true }),
        (LossSettings.BcoRewardMean, o => o with { BcoRewardMean = true }),
        (LossSettings.DynamicBeta, o => o with { DynamicBeta = 0.6f }),
        (LossSettings.DiscopopTau, o => o with { DiscopopTau = 0.4f }),
        (LossSettings.SimpoGamma, o => o with { SimpoGamma = 1.2f }),
        (LossSettings.GammaBetaRatio, o => o with { GammaBetaRatio = 0.4f }),
        (LossSettings.AlphapoAlpha, o => o with { AlphapoAlpha = -0.5f }),
        (LossSettings.AlphapoAlpha, o => o with { AlphapoAlpha = 0 }),
        (LossSettings.CpoAlpha, o => o with { CpoAlpha = 0.3f }),
        (LossSettings.DesirableWeight, o => o with { DesirableWeight = 1.5f }),
        (LossSettings.UndesirableWeight, o => o with { UndesirableWeight = 0.7f }),
        (LossSettings.LengthAlpha, o => o with { LengthAlpha = 0.3f }),
        (LossSettings.RaoKupperNu, o => o with { RaoKupperNu = 1.5f }),
        (LossSettings.DavidsonNu, o => o with { DavidsonNu = 0.4f }),
    ];

    private readonly DisposeScope _scope = NewDisposeScope();

    public static TheoryData<string> Names => [.. PreferenceLosses.All.Select(loss => loss.Name)];

    public static TheoryData<string> Scores => [.. ConstraintScores.All.Select(score => score.Name)];

    public void Dispose() => _scope.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public void Of_random_examples_has_the_value_and_the_gradient_of_the_plain_form(string name)
    {
        var loss = PreferenceLosses.Named(name);
        var forms = Variants.Where(v => loss.Reads.HasFlag(v.Setting)).Select(v => v.Set(new LossOptions(name)))
            .Append(new(name)).SelectMany(o => new[] { o, o with { Wpo = true }, o with { Beta = 0.7f } });
        ulong seed = 1;
        foreach (var options in forms)
        {
            Check(options, Random(seed++, loss.Unpaired));
        }
    }

    [Fact]
    public void Of_several_losses_is_their_weighted_sum() =>
        Check(new LossOptions([new("sigmoid", 0.8f), new("bco_pair", 0.2f), new("sft"), new("aot", 3)], Wpo: true), Random(7, false));

    [Theory]
    [MemberData(nameof(Scores))]
    public void Of_constraint_adds_its_penalty(string score)
    {
        var options = new LossOptions("sigmoid") { Constraints = [new("a", score, 0.1f, 2), new("b", "nll", 0.5f, 0.3f)] };

        Check(options, Random(8, false));
        Check(options with { Wpo = true }, Random(9, false));
    }

    private static void Check(LossOptions options, PlainBatch plain)
    {
        plain = plain with { Weights = options.Wpo ? plain.Weights : [.. plain.Weights.Select(_ => 1.0)], K = plain.Divergence() };
        if (options.ReferenceFree)
        {
            plain = plain with { K = (plain with { LRef = new double[Count] }).Divergence() };
        }
        double[][] leaves = [plain.W, plain.L, plain.Sums];
        var tensors = leaves.Select(leaf => tensor(leaf).requires_grad_()).ToArray();
        var shift = options.BcoRewardMean ? Shift : 0;

        var value = new Objective(options).Of(BatchOf(plain, tensors, shift));
        value.backward();

        AssertClose(PlainLosses.Objective(options, plain, shift), value.item<double>(), $"{options}: value");
        for (var leaf = 0; leaf < leaves.Length; leaf++)
        {
            var gradient = tensors[leaf].grad is { } g ? g.data<double>().ToArray() : new double[Count];
            for (var i = 0; i < Count; i++)
            {
                AssertClose(Slope(options, plain, leaves[leaf], i, shift), gradient[i], $"{options}: gradient {leaf}, {i}");
            }
        }
    }

    /// <summary>A central difference of the plain form; it puts the array back.</summary>
    private static double Slope(LossOptions options, PlainBatch plain, double[] leaf, int i, double shift)
    {
        const double step = 1e-5;
        var at = leaf[i];
        leaf[i] = at + step;
        var above = PlainLosses.Objective(options, plain, shift);
        leaf[i] = at - step;
        var below = PlainLosses.Objective(options, plain, shift);
        leaf[i] = at;
        return (above - below) / (2 * step);
    }

    private static LossBatch BatchOf(PlainBatch plain, Tensor[] leaves, float shift)
    {
        // Both sides' confidences add up to the logarithm of the weight; a labelled completion has its own alone.
        var confidence = tensor(plain.Weights).log();
        Tensor Numbers(int[] values) => tensor(values.Select(v => (double)v).ToArray());
        return new(
            new(leaves[0], tensor(plain.WRef), leaves[2], Numbers(plain.Nw), confidence),
            new(leaves[1], tensor(plain.LRef), leaves[1], Numbers(plain.Nl), zeros_like(confidence)),
            tensor(plain.Labels), Count, plain.Nw.Sum(), shift);
    }

    private static PlainBatch Random(ulong seed, bool unpaired)
    {
        double Next() => (SampleSeed.Mix(++seed * 7919) >> 11) / (double)(1UL << 53);
        double[] Many(Func<double> next) => [.. Enumerable.Range(0, Count).Select(_ => next())];
        int[] Lengths() => [.. Many(Next).Select(u => 1 + (int)(u * 9))];
        var batch = new PlainBatch(
            Many(() => -0.2 - 6 * Next()), Many(() => -0.2 - 6 * Next()), Many(() => -0.2 - 6 * Next()), Many(() => -0.2 - 6 * Next()),
            Lengths(), Lengths(), Many(() => -6 * Next()), Many(() => unpaired ? Math.Round(Next()) : Next()), Many(() => 0.1 + Next()), 0);
        // A tie, which some losses have a form of its own for.
        batch.Labels[0] = unpaired ? batch.Labels[0] : 0.5;
        return batch;
    }

    private static void AssertClose(double expected, double actual, string what) =>
        Assert.True(Math.Abs(expected - actual) <= 1e-6 * Math.Max(1, Math.Abs(expected)), $"{what}: {actual} instead of {expected}");
}

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

    /// <summary>Two pairs that can be computed by hand, β = 0.1.</summary>
    [Theory]
    [InlineData("sigmoid", 0, .598139, .825939)]
    // ℓ(−x) = ℓ(x) + x, with βΔ 0.2 and −0.25.
    [InlineData("sigmoid", 0.1f, .618139, .800939)]
    [InlineData("robust", 0.1f, .573139, .857189)]
    [InlineData("hinge", 0, .8, 1.25)]
    [InlineData("ipo", 0, 21.855625, 30.710069)]
    [InlineData("exo_pair", 0.001f, 2.422015, 3.198420)]
    [InlineData("exo_pair", 0, 2.422015, 3.198420)]
    [InlineData("nca_pair", 0, 1.338793, 1.452074)]
    [InlineData("bco_pair", 0, 1.288793, 1.515354)]
    [InlineData("sppo_hard", 0, 32, 78.25)]
    [InlineData("sppo", 0, 16, 39.125)]
    [InlineData("apo_zero", 0, .950042, 1.062409)]
    [InlineData("apo_down", 0, .975145, 1.037197)]
    // The lengths differ by −3 and 2.
    [InlineData("sigmoid_length", 0, .611755, .814745)]
    [InlineData("dpo_rk", 0, 1.240167, 1.579407)]
    [InlineData("dpo_d", 0, 1.288793, 1.515198)]
    [InlineData("discopop", 0, .814763, .829005)]
    [InlineData("sigmoid_norm", 0, .677029, .720597)]
    // W − L is 4 and −2, sorted −2, 4; the reference's 2 and 0.5, sorted 0.5, 2; so βD is 0.2 and −0.25.
    [InlineData("aot", 0, .598139, .825939)]
    // r_w is 1 and −1, r_l −1 and 1.5; so βD is −0.05 and 0.
    [InlineData("aot_unpaired", 0, .718460, .693147)]
    // NLL is (10 + 20) / 11 in the mean; a pair's part is its tokens' times 2 / 11.
    [InlineData("sft", 0, 1.818182, 3.636364)]
    [InlineData("cpo", 0, 2.331197, 4.434503)]
    [InlineData("cpo_hinge", 0, 2.418182, 4.836364)]
    // As two desirable completions, r 1 and −1; K is the mean of −1 and 1.5.
    [InlineData("kto", 0, .481259, .531209)]
    [InlineData("apo_zero_unpaired", 0, .475021, .524979)]
    public void Hand_vector_gives_the_losses(string name, float smoothing, double first, double second)
    {
        var losses = Compute(new LossOptions(name) { LabelSmoothing = smoothing }, LossBatches.Hand());

        Assert.Equal(first, losses[0], 5e-6 * Math.Max(1, first));
        Assert.Equal(second, losses[1], 5e-6 * Math.Max(1, second));
    }

    [Theory]
    [InlineData("sigmoid_geometric", .7f, .653947, .744397)]
    [InlineData("sigmoid_geometric", .5f, .693147, .693147)]
    [InlineData("dpo_rk", .5f, .700644, .704858)]
    [InlineData("dpo_d", .5f, .695646, .697051)]
    public void Hand_vector_with_a_probability_gives_the_losses(string name, float label, double first, double second)
    {
        var losses = Compute(new LossOptions(name), LossBatches.Hand(label));

        Assert.Equal(first, losses[0], 5e-6);
        Assert.Equal(second, losses[1], 5e-6);
    }

    /// <summary>What reads no probability is given pairs with the likelier completion first, and none of 0.5.</summary>
    [Fact]
    public void UsesProbability_isSaidExactlyOfObjectivesThatChangeWithIt()
    {
        foreach (var loss in PreferenceLosses.All.Where(loss => !loss.Unpaired))
        {
            var options = new LossOptions(loss.Name);
            foreach (var read in loss.Reads.HasFlag(LossSettings.ProbabilisticLabels)
                    ? [options, options with { ProbabilisticLabels = true }]
                    : new[] { options })
            {
                var changes = !Compute(read, LossBatches.Hand(0.9f)).SequenceEqual(Compute(read, LossBatches.Hand(0.5f)));

                Assert.True(changes == new Objective(read).UsesProbability, $"{loss.Name}, {read.ProbabilisticLabels}");
            }
        }
    }

    [Theory]
    [InlineData(1, .184)]
    [InlineData(0.1f, .304)]
    public void Simpo_worked_example_gives_its_loss(float likelihood, double expected)
    {
        // W̄ −1.2 and L̄ −2.5 over 10 tokens.
        var batch = new LossBatch(LossBatches.Side([-12], [0], [10]), LossBatches.Side([-25], [0], [10]), ones(1), 1, 10);
        var losses = likelihood == 1 ? new[] { new WeightedLoss("simpo") } : [new("simpo"), new("sft", likelihood)];

        var loss = new Objective(new LossOptions(losses, Beta: 2, GammaBetaRatio: 0.5f)).Of(batch).item<float>();

        Assert.Equal(expected, loss, 0.0005);
    }

    [Theory]
    [InlineData(1, .598139, .825939)]
    [InlineData(0.9f, .618139, .800939)]
    [InlineData(0.5f, .698139, .700939)]
    public void Sigmoid_probabilistic_labels_take_the_place_of_smoothing(float probability, double first, double second)
    {
        var losses = Compute(new LossOptions("sigmoid") { ProbabilisticLabels = true }, LossBatches.Hand(probability));

        Assert.Equal(first, losses[0], 5);
        Assert.Equal(second, losses[1], 5);
    }

    [Fact]
    public void Named_unknown_loss_lists_the_known_ones()
    {
        var e = Assert.Throws<UserInputException>(() => PreferenceLosses.Named("sigmod"));

        Assert.Contains("'sigmod'", e.Message);
        Assert.Contains("sigmoid, robust", e.Message);
    }

    [Fact]
    public void Named_alias_is_the_same_loss() => Assert.Equal("aot_unpaired", PreferenceLosses.Named("aot_pair").Name);

    [Fact]
    public void All_names_differ() => Assert.Equal(PreferenceLosses.Names.Count(), PreferenceLosses.Names.Distinct().Count());

    private static float[] Compute(LossOptions options, LossBatch batch) =>
        Floats.Of(PreferenceLosses.Named(options.Losses[0].Name).Compute(batch, options));
}

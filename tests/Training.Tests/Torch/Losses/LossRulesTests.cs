using IterativeDpo.Artifacts;
using IterativeDpo.Training.Torch.Losses;

namespace IterativeDpo.Training.Tests.Torch.Losses;

public class LossRulesTests
{
    private static readonly LossOptions Sigmoid = new("sigmoid");

    public static TheoryData<LossOptions, string> Refused => new()
    {
        { Sigmoid with { Losses = [] }, "type: it must name at least one loss" },
        { new("sigmod"), "type is 'sigmod': it must be one of sigmoid, robust" },
        { Sigmoid with { Losses = [new("sigmoid", -1)] }, "weights is -1" },
        { Sigmoid with { Losses = [new("sigmoid", float.NaN)] }, "weights is NaN" },
        { Sigmoid with { Losses = [new("sigmoid"), new("sigmoid", 2)] }, "it must name no loss twice" },
        { Sigmoid with { Losses = [new("sigmoid"), new("kto")] }, "kto learns from labelled completions and sigmoid from pairs" },
        { Sigmoid with { Beta = 0 }, "beta is 0: it must be a number above 0" },
        { Sigmoid with { Beta = float.PositiveInfinity }, "beta is" },
        { Sigmoid with { LabelSmoothing = 0.5f }, "label-smoothing is 0.5" },
        { new LossOptions("robust") with { LabelSmoothing = 0.6f }, "robust divides by 1 − 2ε" },
        { new LossOptions("cpo") with { CpoAlpha = -1 }, "cpo-alpha is -1" },
        { new LossOptions("kto") with { DesirableWeight = -1 }, "desirable-weight is -1" },
        { new LossOptions("simpo") with { SimpoGamma = -1 }, "simpo-gamma is -1" },
        { new LossOptions("simpo") with { GammaBetaRatio = -1 }, "gamma-beta-ratio is -1" },
        { new LossOptions("alphapo") with { AlphapoAlpha = float.NaN }, "alphapo-alpha is NaN" },
        {
            Sigmoid with
            {
                BcoRewardMean = true,
            },
            "bco-reward-mean is on: sigmoid does not read it, and it would be without effect; it is for bco_pair"
        },
        { new LossOptions("aot") with { ProbabilisticLabels = true }, "probabilistic-labels is on: aot does not read it" },
        { new LossOptions("kto") with { LdAlpha = 0.5f }, "ld-alpha is 0.5: kto does not read it" },
        { new LossOptions("sft") with { ReferenceFree = true }, "reference-free is on: sft does not read it" },
        {
            Sigmoid with
            {
                FDivergence = FDivergence.AlphaDivergence,
                AlphaDivergenceCoefficient = float.NaN,
            },
            "alpha-divergence-coefficient is NaN"
        },
        { Sigmoid with { Constraints = [new("", "nll", 0, 1)] }, "each constraint needs a name" },
        { Sigmoid with { Constraints = [new("a", "nll", 0, 1), new("a", "margin", 0, 1)] }, "two have the same name" },
        { Sigmoid with { Constraints = [new("a", "nll", float.NaN, 1)] }, "constraints.a.limit is NaN" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void Objective_options_without_a_meaning_say_why(LossOptions options, string expected)
    {
        var e = Assert.Throws<UserInputException>(() => new Objective(options));

        Assert.Contains(expected, e.Message);
    }

    /// <summary>Each setting but those on where they are read is refused; and a loss that reads none of them takes none.</summary>
    [Fact]
    public void FirstViolation_setting_is_accepted_exactly_where_it_is_read()
    {
        (LossSettings Setting, Func<LossOptions, LossOptions> Set)[] settings =
        [
            (LossSettings.LabelSmoothing, o => o with { LabelSmoothing = 0.1f }),
            (LossSettings.ProbabilisticLabels, o => o with { ProbabilisticLabels = true }),
            (LossSettings.FDivergence, o => o with { FDivergence = FDivergence.JsDivergence }),
            (LossSettings.LdAlpha, o => o with { LdAlpha = 0.5f }),
            (LossSettings.ReferenceFree, o => o with { ReferenceFree = true }),
            (LossSettings.IpoOnSums, o => o with { IpoOnSums = true }),
            (LossSettings.BcoRewardMean, o => o with { BcoRewardMean = true }),
            (LossSettings.DiscopopTau, o => o with { DiscopopTau = 1 }),
            (LossSettings.SimpoGamma, o => o with { SimpoGamma = 1 }),
            (LossSettings.GammaBetaRatio, o => o with { GammaBetaRatio = 1 }),
            (LossSettings.AlphapoAlpha, o => o with { AlphapoAlpha = 1 }),
            (LossSettings.CpoAlpha, o => o with { CpoAlpha = 0.5f }),
            (LossSettings.DesirableWeight, o => o with { DesirableWeight = 2 }),
            (LossSettings.UndesirableWeight, o => o with { UndesirableWeight = 2 }),
            (LossSettings.LengthAlpha, o => o with { LengthAlpha = 1 }),
            (LossSettings.RaoKupperNu, o => o with { RaoKupperNu = 2 }),
            (LossSettings.DavidsonNu, o => o with { DavidsonNu = 2 }),
            (LossSettings.DynamicBeta, o => o with { DynamicBeta = 1 }),
        ];
        Assert.Equal(Enum.GetValues<LossSettings>().Where(s => s != LossSettings.None), settings.Select(s => s.Setting));
        foreach (var loss in PreferenceLosses.All)
        {
            foreach (var (setting, set) in settings)
            {
                var violation = LossRules.FirstViolation(set(new(loss.Name)));

                Assert.True(loss.Reads.HasFlag(setting) == violation is null, $"{loss.Name}, {setting}: {violation}");
            }
        }
    }

    [Fact]
    public void FirstViolation_every_loss_with_its_defaults_is_accepted() =>
        Assert.All(PreferenceLosses.Names, name => Assert.Null(LossRules.FirstViolation(new LossOptions(name) { Wpo = true })));

    [Fact]
    public void ExamplesOf_pairs_are_two_labelled_completions_each()
    {
        PreferencePair[] pairs = [new("p", [1], [2], [3]), new("q", [4], [5], [6])];

        Assert.Equal(
            LabelledCompletion.FromPairs(pairs).Select(e => e.MismatchedIds),
            new Objective(new("kto")).ExamplesOf(pairs).Select(e => e.Second));
        // Only KTO reads the mismatched ones.
        Assert.All(new Objective(new("apo_zero_unpaired")).ExamplesOf(pairs), example => Assert.Empty(example.Second));
        Assert.Same(pairs, new Objective(new("sigmoid")).ExamplesOf(pairs));
    }

    [Fact]
    public void ExamplesOf_labelled_completions_for_a_loss_on_pairs_says_which_losses_take_them()
    {
        var e = Assert.Throws<UserInputException>(() =>
            new Objective(new("hinge")).ExamplesOf([new LabelledCompletion("p", [1], [2], true, [])]));

        Assert.Contains("hinge learns from pairs", e.Message);
        Assert.Contains("kto, apo_zero_unpaired", e.Message);
    }

    [Theory]
    [InlineData("sigmoid", true)]
    [InlineData("kto", true)]
    [InlineData("simpo", false)]
    [InlineData("sft", false)]
    public void UsesReference_of_a_loss(string name, bool expected) => Assert.Equal(expected, new Objective(new(name)).UsesReference);

    [Fact]
    public void UsesReference_follows_the_constraints_and_reference_free()
    {
        Assert.True(new Objective(new LossOptions("simpo") { Constraints = [new("hold", "chosen-drop", 0, 1)] }).UsesReference);
        Assert.False(new Objective(new LossOptions("simpo") { Constraints = [new("hold", "nll", 0, 1)] }).UsesReference);
        Assert.False(new Objective(new LossOptions("sigmoid") { ReferenceFree = true }).UsesReference);
    }
}

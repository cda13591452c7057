using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Settings;
using IterativeDpo.Training;

namespace IterativeDpo.Campaigns.Tests.Configuration;

/// <summary>The section <c>campaign.training.loss</c>.</summary>
public sealed class LossSettingsTests : IDisposable
{
    private readonly ConfigurationFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public void Load_defaults_are_those_of_the_options() =>
        Assert.Equivalent(new LossOptions("sigmoid") { Constraints = [] }, _files.Load().Options.Training.Loss);

    [Fact]
    public void Load_settings_of_the_loss()
    {
        var loss = Load("type = [sigmoid, ipo, discopop], weights = [0.5, 1, 2], beta = 0.3, f-divergence = alpha-divergence, "
            + "alpha-divergence-coefficient = 0.7, ld-alpha = 0.5, wpo = on, probabilistic-labels = on, ipo-on-sums = on, discopop-tau = 0.1");

        Assert.Equal([new("sigmoid", 0.5f), new("ipo", 1), new("discopop", 2)], loss.Losses);
        Assert.Equal((0.3f, FDivergence.AlphaDivergence, 0.7f), (loss.Beta, loss.FDivergence, loss.AlphaDivergenceCoefficient));
        Assert.Equal((0.5f, true, true, true, 0.1f), (loss.LdAlpha, loss.Wpo, loss.ProbabilisticLabels, loss.IpoOnSums, loss.DiscopopTau));
    }

    [Fact]
    public void Load_settings_of_losses_without_a_reference()
    {
        var loss = Load("type = [alphapo, cpo], gamma-beta-ratio = 0.4, alphapo-alpha = -0.5, cpo-alpha = 0");

        Assert.Equal((0.4f, -0.5f, 0f), (loss.GammaBetaRatio, loss.AlphapoAlpha, loss.CpoAlpha));
    }

    [Fact]
    public void Load_settings_of_labelled_losses()
    {
        var loss = Load("type = kto, desirable-weight = 1.33, undesirable-weight = 0.9");

        Assert.Equal((1.33f, 0.9f), (loss.DesirableWeight, loss.UndesirableWeight));
    }

    [Fact]
    public void Load_constraints_by_their_names()
    {
        var loss = Load(
            "constraints {\nhold { score = chosen-drop, limit = -0.5, weight = 5 }\napart { score = margin, limit = 10, weight = 1 }\n}");

        Assert.Equivalent(new LossConstraint[] { new("hold", "chosen-drop", -0.5f, 5), new("apart", "margin", 10, 1) }, loss.Constraints);
    }

    [Fact]
    public void Load_override_of_a_constraint()
    {
        var options = _files.Load(
            "campaign.training.loss.constraints.hold { score = chosen-drop, limit = 0, weight = 5 }",
            new ConfigurationOverride("campaign.training.loss.constraints.hold.weight", "2", "--set")).Options;

        Assert.Equal(2, options.Training.Loss.Constraints![0].Weight);
    }

    [Theory]
    [InlineData("type = []", "loss.type is []: it must name at least one")]
    [InlineData("type = [sigmoid, kto]", "loss.type is sigmoid, kto: kto learns from labelled completions and sigmoid from pairs")]
    [InlineData("type = [aot_pair, aot_unpaired]", "it must name no loss twice")]
    [InlineData("type = [sigmoid, sft], weights = [1]", "loss.weights is [1]: it must have a weight for each of sigmoid, sft")]
    [InlineData("type = [sigmoid, sft], weights = [1, 0]", "loss.weights is 0: the weight of sft must be a number above 0")]
    [InlineData(
        "type = hinge, label-smoothing = 0.1",
        "loss.label-smoothing is 0.1: hinge does not read it, and it would be without effect; it is for sigmoid, robust")]
    [InlineData("type = simpo, f-divergence = js-divergence", "loss.f-divergence is js-divergence: simpo does not read it")]
    [InlineData("type = apo_zero, f-divergence = js-divergence", "loss.f-divergence is js-divergence: apo_zero does not read it")]
    [InlineData("type = [sigmoid, apo_zero], f-divergence = js-divergence", "apo_zero is defined by the log-ratio itself")]
    [InlineData("type = orpo, reference-free = on", "loss.reference-free is on: orpo does not read it")]
    [InlineData("reference-free = on, f-divergence = forward-kl", "there is nothing to diverge from")]
    [InlineData("probabilistic-labels = on, label-smoothing = 0.1", "each pair's own probability takes its place")]
    [InlineData("type = robust, probabilistic-labels = on", "robust does not read it")]
    [InlineData("alpha-divergence-coefficient = 0.7", "it is for f-divergence = alpha-divergence")]
    [InlineData("type = simpo, simpo-gamma = 1, gamma-beta-ratio = 0.5", "loss.gamma-beta-ratio is 0.5: simpo-gamma is set too")]
    [InlineData("gamma-beta-ratio = none", "loss.gamma-beta-ratio is none: it must be a number")]
    [InlineData("discopop-tau = 0", "loss.discopop-tau is 0: it must be a number above 0")]
    [InlineData("ld-alpha = 1.5", "loss.ld-alpha is 1.5: it must be a number from 0 to 1")]
    [InlineData("type = sft, ld-alpha = 0.5", "loss.ld-alpha is 0.5: sft does not read it")]
    [InlineData("wpo = yes", "loss.wpo is yes: it must be one of on, off")]
    [InlineData("constraints.a { score = nl, limit = 0, weight = 1 }", "loss.constraints.a.score is nl: it must be one of chosen-drop")]
    [InlineData("constraints.a { score = nll, limit = x, weight = 1 }", "loss.constraints.a.limit is x: it must be a number")]
    [InlineData("constraints.a { score = nll, limit = 0, weight = 0 }", "loss.constraints.a.weight is 0: it must be a number above 0")]
    [InlineData("reference-free = on, constraints.a { score = margin, limit = 0, weight = 1 }", "there is no reference to hold it against")]
    [InlineData(
        "constraints.a { score = nll, limit = 0, weigh = 1 }",
        "unknown key campaign.training.loss.constraints.a.weigh (did you mean")]
    [InlineData("constraints = 1", "campaign.training.loss.constraints is a section")]
    public void Load_loss_that_has_no_meaning_names_the_line_and_the_reason(string settings, string expected)
    {
        var message = Assert.Throws<UserInputException>(() => Load(settings)).Message;

        Assert.Contains("campaign.conf, line 2: ", message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        "type = kto, constraints.a { score = nll, limit = 0, weight = 1 }",
        "loss.constraints: they are about pairs, and kto learns from labelled completions")]
    [InlineData("constraints.a { score = nll, limit = 0 }", "loss.constraints.a.weight: it must be set")]
    public void Load_constraint_that_lacks_something_names_the_line(string settings, string expected)
    {
        var message = Assert.Throws<UserInputException>(() => Load(settings)).Message;

        Assert.Contains($"campaign.conf, line 2: campaign.training.{expected}", message, StringComparison.Ordinal);
    }

    private LossOptions Load(string settings) => _files.Load($"campaign.training.loss {{ {settings} }}").Options.Training.Loss;
}

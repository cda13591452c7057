using IterativeDpo.Training.Torch.Losses;

namespace IterativeDpo.Training.Tests.Torch.Losses;

public class DynamicBetaTests
{
    [Fact]
    public void Of_steps_is_the_papers_formula()
    {
        var first = default(DynamicBeta).With(2);
        // M0 = 0.1 · 2, β = 0.1 (1 + 0.6 (2 − 0.2)).
        Assert.Equal(0.2, first.Average, 12);
        Assert.Equal(0.208, first.Of(0.1, 0.6, 2), 12);

        var second = first.With(-1);
        // M0 = 0.9 · 0.2 − 0.1, β = 0.1 (1 + 0.6 (−1 − 0.08)).
        Assert.Equal(0.08, second.Average, 12);
        Assert.Equal(0.0352, second.Of(0.1, 0.6, -1), 12);
    }

    [Fact]
    public void Of_a_step_that_is_far_behind_keeps_a_hundredth() => Assert.Equal(0.001, new DynamicBeta(0).Of(0.1, 0.6, -100), 12);

    [Fact]
    public void Of_alpha_0_is_beta_itself() => Assert.Equal(0.1, new DynamicBeta(3).Of(0.1, 0, 50), 12);
}

using IterativeDpo.Judging.Quality;

namespace IterativeDpo.Judging.Tests.Quality;

public sealed class AgreementTests
{
    [Fact]
    public void Kappa_of_full_agreement_is_1()
    {
        Assert.Equal(1, new Agreement(Agree: 7, BothTied: 3).Kappa!.Value, 12);
    }

    [Fact]
    public void Kappa_of_coin_tosses_is_0()
    {
        Assert.Equal(0, new Agreement(Agree: 50, Contradict: 50).Kappa!.Value, 12);
    }

    /// <summary>Both tell 70 % apart, half of them each way, and find 30 % equal.</summary>
    [Fact]
    public void Kappa_is_that_of_the_table_in_both_orders()
    {
        var agreement = new Agreement(Agree: 50, Contradict: 10, TiedByJudge: 10, TiedByStandard: 10, BothTied: 20);

        var (observed, expected) = (0.7, (0.7 * 0.7 / 2) + (0.3 * 0.3));
        Assert.Equal((observed - expected) / (1 - expected), agreement.Kappa!.Value, 12);
    }

    [Fact]
    public void Kappa_where_everything_is_a_tie_is_null()
    {
        Assert.Null(new Agreement(BothTied: 5).Kappa);
        Assert.Null(new Agreement().Kappa);
    }
}

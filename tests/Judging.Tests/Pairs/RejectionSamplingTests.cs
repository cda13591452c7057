using IterativeDpo.Generation;
using IterativeDpo.Judging.Pairs;

namespace IterativeDpo.Judging.Tests.Pairs;

public class RejectionSamplingTests
{
    private const int Trials = 20_000;

    /// <summary>Where the best comes last, each before it is accepted with its probability of the first pass.</summary>
    [Theory]
    [InlineData(0.5)]
    [InlineData(2)]
    public void Accept_manyTimes_isAsFrequentAsTheFormulaSays(double beta)
    {
        double[] rewards = [-0.7, 0.1, 0.9, 1];
        var expected = rewards.Select(reward => Math.Exp((reward - 1) / beta)).ToArray();
        var firstPass = new int[rewards.Length];
        for (var seed = 0UL; seed < Trials; seed++)
        {
            foreach (var i in RejectionSampling
                    .Accept(rewards, beta, rewards.Length, new SplitMix64(SampleSeed.Mix(seed)))
                    .TakeWhile(i => i != 3))
            {
                firstPass[i]++;
            }
        }

        // Four standard errors.
        Assert.All(Enumerable.Range(0, 3), i =>
            Assert.InRange((double)firstPass[i] / Trials, expected[i] - Error(expected[i]), expected[i] + Error(expected[i])));
    }

    /// <summary>
    /// Many samples of three kinds, as a policy draws them: of the accepted, each kind has the share p(kind) · exp(reward / beta) / Z that
    /// the optimal policy gives it.
    /// </summary>
    [Fact]
    public void Accept_samplesOfAPolicy_areThoseOfTheOptimalPolicy()
    {
        const double Beta = 0.5;
        double[] policy = [0.6, 0.3, 0.1];
        double[] rewards = [0, 0.5, 1];
        var accepted = new int[3];
        for (var seed = 0UL; seed < 400; seed++)
        {
            var random = new SplitMix64(SampleSeed.Mix(seed));
            var drawn = Enumerable.Range(0, 500).Select(_ => random.NextDouble() is var u && u < 0.6 ? 0 : u < 0.9 ? 1 : 2).ToArray();
            foreach (var i in RejectionSampling.Accept([.. drawn.Select(kind => rewards[kind])], Beta, 20, random))
            {
                accepted[drawn[i]]++;
            }
        }
        var weights = policy.Zip(rewards, (p, reward) => p * Math.Exp(reward / Beta)).ToArray();

        Assert.Equal(400 * 20, accepted.Sum());
        Assert.All(Enumerable.Range(0, 3), kind => Assert.Equal(weights[kind] / weights.Sum(), accepted[kind] / 8000.0, 0.025));
    }

    [Theory]
    [InlineData(2, 2)]
    [InlineData(5, 3)]
    public void Accept_takesEachAtMostOnceAndAsManyAsAsked(int count, int expected)
    {
        for (var seed = 0UL; seed < 100; seed++)
        {
            var accepted = RejectionSampling.Accept([-1000, 3, 2.5], 0.1, count, new SplitMix64(seed));

            Assert.Equal(expected, accepted.Distinct().Count());
            Assert.Equal(expected, accepted.Count);
        }
    }

    private static double Error(double probability) => 4 * Math.Sqrt(probability * (1 - probability) / Trials);
}

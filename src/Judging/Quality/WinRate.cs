using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Quality;

/// <summary>What a judge said of the answers of two policies to one prompt.</summary>
/// <param name="Win">1 where the policy's answer is the better one, 0 where the other's is, and ½ where neither is.</param>
/// <param name="Longer">By how much the policy's answer is longer.</param>
public readonly record struct ComparedAnswers(string PromptId, double Win, double Longer);

/// <summary>A share and its 95 % interval.</summary>
public readonly record struct Estimate(double Value, double Low, double High);

/// <summary>How often a judge prefers a policy's answers to those of another, a tie being half a win.</summary>
/// <param name="Plain">Over all comparisons.</param>
/// <param name="LengthControlled">What it would be, were the two answers as long as each other.</param>
/// <param name="Prompts">With a comparison at least.</param>
public sealed record WinRate(Estimate Plain, Estimate LengthControlled, int Prompts, int Won, int Lost, int Tied)
{
    public const int Resamples = 1_000;

    /// <summary>So weak that it moves nothing but answers that one side always wins: there is no best fit of these without it.</summary>
    private const double Ridge = 1e-3;

    private const int MostSteps = 100;
    private const double LongestStep = 2, Converged = 1e-9;

    /// <summary>
    /// Intervals are percentile bootstraps (Efron 1979) over prompts, each drawn with all its comparisons. The same comparisons in the same
    /// order give the same intervals.
    /// </summary>
    /// <param name="compared">One at least; of a prompt several, where there are several seeds.</param>
    public static WinRate Of(IReadOnlyList<ComparedAnswers> compared)
    {
        ComparedAnswers[][] prompts = [.. compared.GroupBy(one => one.PromptId, (_, ofPrompt) => ofPrompt.ToArray())];
        return new(
            Bootstrap(prompts, sample => sample.Average(one => one.Win)),
            Bootstrap(prompts, AtEqualLength),
            prompts.Length,
            compared.Count(one => one.Win == 1),
            compared.Count(one => one.Win == 0),
            compared.Count(one => one.Win == 0.5));
    }

    /// <summary>
    /// The length-controlled win rate of AlpacaEval 2 (Dubois et al. 2024, arXiv 2404.04475): the logistic regression
    /// P(win) = σ(θ + φ · tanh(Δ / std Δ)) of wins on the difference Δ in length, and of that σ(θ), with the term of length set to zero.
    /// Without that paper's difficulty of prompts, which takes many models to estimate.
    /// </summary>
    internal static double AtEqualLength(IReadOnlyList<ComparedAnswers> compared)
    {
        var mean = compared.Average(one => one.Longer);
        var deviation = Math.Sqrt(compared.Average(one => (one.Longer - mean) * (one.Longer - mean)));
        double[] lengths = [.. compared.Select(one => deviation == 0 ? 0 : Math.Tanh(one.Longer / deviation))];
        var (policy, length) = (0.0, 0.0);
        for (var step = 0; step < MostSteps; step++)
        {
            // Newton's method: the gradient and the second derivatives of the negative log-likelihood with its ridge.
            var (g0, g1, h00, h01, h11) = (Ridge * policy, Ridge * length, Ridge, 0.0, Ridge);
            for (var i = 0; i < lengths.Length; i++)
            {
                var (x, p) = (lengths[i], Logistic(policy + length * lengths[i]));
                var (miss, weight) = (p - compared[i].Win, p * (1 - p));
                (g0, g1) = (g0 + miss, g1 + miss * x);
                (h00, h01, h11) = (h00 + weight, h01 + weight * x, h11 + weight * x * x);
            }
            var determinant = h00 * h11 - h01 * h01;
            var (d0, d1) = ((h11 * g0 - h01 * g1) / determinant, (h00 * g1 - h01 * g0) / determinant);
            // Where one side wins nearly always the curve is flat, and a whole step would lead too far.
            var size = Math.Max(Math.Abs(d0), Math.Abs(d1));
            var scale = Math.Min(1, LongestStep / size);
            (policy, length) = (policy - scale * d0, length - scale * d1);
            if (size < Converged)
            {
                break;
            }
        }
        return Logistic(policy);
    }

    private static Estimate Bootstrap(ComparedAnswers[][] prompts, Func<IReadOnlyList<ComparedAnswers>, double> statistic)
    {
        var random = new SplitMix64(1);
        var drawn = new List<ComparedAnswers>();
        var values = new double[Resamples];
        for (var i = 0; i < Resamples; i++)
        {
            drawn.Clear();
            for (var draw = 0; draw < prompts.Length; draw++)
            {
                drawn.AddRange(prompts[(int)(random.NextDouble() * prompts.Length)]);
            }
            values[i] = statistic(drawn);
        }
        Array.Sort(values);
        return new(
            statistic([.. prompts.SelectMany(prompt => prompt)]),
            values[(int)(0.025 * Resamples)],
            values[(int)(0.975 * Resamples) - 1]);
    }

    private static double Logistic(double logit) => 1 / (1 + Math.Exp(-logit));
}

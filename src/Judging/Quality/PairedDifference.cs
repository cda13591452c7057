using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Quality;

/// <summary>By how much one policy does better than another on the same prompts.</summary>
/// <param name="Mean">The mean of the prompts' differences.</param>
/// <param name="Low">The 95 % interval's lower end.</param>
public sealed record PairedDifference(double Mean, double Low, double High, int Prompts)
{
    public const int Resamples = 10_000;

    /// <summary>Whether the interval has no 0 in it.</summary>
    public bool IsSure => Low > 0 || High < 0;

    /// <summary>
    /// The percentile bootstrap (Efron 1979) over prompts: they are what was drawn, so prompts are drawn again, each with its difference.
    /// The same differences in the same order give the same interval.
    /// </summary>
    /// <param name="differences">Of each prompt: means over seeds, where there are several.</param>
    public static PairedDifference Bootstrap(IReadOnlyList<double> differences)
    {
        if (differences.Count == 0)
        {
            return new(0, 0, 0, 0);
        }
        var random = new SplitMix64(1);
        var means = new double[Resamples];
        for (var i = 0; i < Resamples; i++)
        {
            double sum = 0;
            for (var draw = 0; draw < differences.Count; draw++)
            {
                sum += differences[(int)(random.NextDouble() * differences.Count)];
            }
            means[i] = sum / differences.Count;
        }
        Array.Sort(means);
        return new(differences.Average(), means[(int)(0.025 * Resamples)], means[(int)(0.975 * Resamples) - 1], differences.Count);
    }

    /// <summary>
    /// McNemar's exact test (1947): how likely prompts that only one of two policies gets right are split as unevenly as this, were both as
    /// good; two-sided.
    /// </summary>
    /// <param name="onlyFirst">Prompts that the first alone gets right.</param>
    public static double McNemar(int onlyFirst, int onlySecond)
    {
        var trials = onlyFirst + onlySecond;
        double tail = 0, logChoose = 0;
        for (var k = 0; k <= Math.Min(onlyFirst, onlySecond); k++)
        {
            tail += Math.Exp(logChoose - trials * Math.Log(2));
            logChoose += Math.Log(trials - k) - Math.Log(k + 1);
        }
        return Math.Min(1, 2 * tail);
    }

    /// <summary>The chance that one of k answers at least is right, unbiased (arXiv 2107.03374): 1 − C(n − c, k) / C(n, k).</summary>
    /// <param name="samples">n, at least k.</param>
    /// <param name="right">c of them.</param>
    public static double PassAtK(int samples, int right, int k)
    {
        var none = 1.0;
        for (var i = 0; i < k; i++)
        {
            none *= Math.Max(0, samples - right - i) / (double)(samples - i);
        }
        return 1 - none;
    }
}

using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Pairs;

/// <summary>
/// Statistical rejection sampling (Liu et al. 2024, algorithm 1): of a policy's samples, those that the optimal policy for these rewards
/// and this temperature would give.
/// </summary>
public static class RejectionSampling
{
    /// <summary>
    /// Goes through the samples in order, again and again, and accepts each with probability exp((reward - greatest reward left) / beta),
    /// without replacement, until there are enough or all are accepted.
    /// </summary>
    /// <param name="beta">Above 0: towards 0 only the best are accepted, and towards infinity all alike.</param>
    /// <returns>Indices in the order of acceptance.</returns>
    public static IReadOnlyList<int> Accept(IReadOnlyList<double> rewards, double beta, int count, SplitMix64 random)
    {
        var accepted = new List<int>(Math.Min(count, rewards.Count));
        List<int> left = [.. Enumerable.Range(0, rewards.Count)];
        while (accepted.Count < count && left.Count > 0)
        {
            var greatest = left.Max(i => rewards[i]);
            foreach (var i in left.Where(i => random.NextDouble() < Math.Exp((rewards[i] - greatest) / beta)))
            {
                accepted.Add(i);
                if (accepted.Count == count)
                {
                    break;
                }
            }
            left.RemoveAll(accepted.Contains);
        }
        return accepted;
    }
}

using System.Runtime.Intrinsics;

namespace IterativeDpo.Training.Torch.Cpu;

/// <summary>A query's scores of its keys, in place; their number is a multiple of <see cref="Lanes.Count"/>.</summary>
internal static unsafe class ScoreRow
{
    /// <summary>e^(score − max), and 0 where the query does not see.</summary>
    /// <returns>max, and the sum of what is there now.</returns>
    public static (float Max, float Sum) Exponentials(Span<float> scores, QueryPiece piece, int query)
    {
        piece.Hide(scores, query, float.NegativeInfinity);
        fixed (float* start = scores)
        {
            var greatest = Vector256.Create(float.NegativeInfinity);
            for (var i = 0; i < scores.Length; i += Vector256<float>.Count)
            {
                greatest = Vector256.Max(greatest, Vector256.Load(start + i));
            }
            var max = greatest[0];
            for (var i = 1; i < Vector256<float>.Count; i++)
            {
                max = MathF.Max(max, greatest[i]);
            }
            var sum = Exponentials(start, scores.Length, max);
            piece.Hide(scores, query, 0);
            return (max, sum);
        }
    }

    /// <summary>e^(score − <paramref name="logNormaliser"/>), and 0 where the query does not see.</summary>
    public static void Probabilities(Span<float> scores, QueryPiece piece, int query, float logNormaliser)
    {
        fixed (float* start = scores)
        {
            Exponentials(start, scores.Length, logNormaliser);
        }
        piece.Hide(scores, query, 0);
    }

    /// <summary>The softmax's slope p · (dp − Σ p dp), in place of dp.</summary>
    public static void Slopes(Span<float> probabilities, Span<float> slopes)
    {
        fixed (float* p = probabilities, s = slopes)
        {
            var along = default(Lanes);
            for (var i = 0; i < slopes.Length; i += Lanes.Count)
            {
                along += Lanes.Load(p + i) * Lanes.Load(s + i);
            }
            var sum = Vector256.Create(along.Sum());
            for (var i = 0; i < slopes.Length; i += Lanes.Count)
            {
                ((Lanes.Load(s + i) - new Lanes(sum, sum)) * Lanes.Load(p + i)).Store(s + i);
            }
        }
    }

    private static float Exponentials(float* scores, int count, float subtracted)
    {
        var sum = Vector256<float>.Zero;
        for (var i = 0; i < count; i += Vector256<float>.Count)
        {
            var exponential = Lanes.Exp(Vector256.Load(scores + i) - Vector256.Create(subtracted));
            exponential.Store(scores + i);
            sum += exponential;
        }
        return Vector256.Sum(sum);
    }
}

using System.Numerics.Tensors;

namespace IterativeDpo.Generation.Sampling;

/// <summary>A softmax kept as weights exp(x - max), so the largest weight is 1, with block sums for quick drawing.</summary>
public sealed class WeightTable(int size)
{
    private const int BlockSize = 512;

    private readonly float[] _shifted = new float[size]; // [V]
    private readonly float[] _weights = new float[size]; // [V]
    private readonly double[] _blockSums = new double[(size + BlockSize - 1) / BlockSize];

    /// <summary>The weights in (0, 1], in token order. [V]</summary>
    public ReadOnlySpan<float> Weights => _weights;

    /// <summary>Their sum.</summary>
    public double Total { get; private set; }

    /// <summary>log Σ exp(x).</summary>
    public float LogSumExp { get; private set; }

    /// <summary>Entropy of the softmax, in nats: log Σ exp(x - max) - Σ p (x - max).</summary>
    public float Entropy { get; private set; }

    /// <exception cref="NonFiniteLogitsException">A logit is NaN, or the largest is infinite.</exception>
    public void Fill(ReadOnlySpan<float> logits)
    {
        var max = TensorPrimitives.Max(logits);
        if (!float.IsFinite(max))
        {
            throw new NonFiniteLogitsException();
        }
        TensorPrimitives.Subtract(logits, max, _shifted);
        TensorPrimitives.Exp(_shifted, _weights);
        Total = 0;
        for (var block = 0; block < _blockSums.Length; block++)
        {
            _blockSums[block] = TensorPrimitives.Sum(Block(block));
            Total += _blockSums[block];
        }
        var logTotal = Math.Log(Total);
        LogSumExp = (float)(max + logTotal);
        Entropy = (float)(logTotal - (TensorPrimitives.Dot(_weights, _shifted) / Total));
    }

    /// <summary>The token at this share of the total, tokens laid end to end in id order.</summary>
    public int Choose(double uniform)
    {
        var rest = uniform * Total;
        var block = 0;
        while (block < _blockSums.Length - 1 && rest >= _blockSums[block])
        {
            rest -= _blockSums[block++];
        }
        var weights = Block(block);
        var last = 0;
        for (var i = 0; i < weights.Length; i++)
        {
            if (weights[i] > 0)
            {
                last = i;
                rest -= weights[i];
                if (rest < 0)
                {
                    break;
                }
            }
        }
        // Rounding can leave a rest at the end of a block: its last token has it.
        return (block * BlockSize) + last;
    }

    private ReadOnlySpan<float> Block(int block)
    {
        var start = block * BlockSize;
        return _weights.AsSpan(start, Math.Min(BlockSize, _weights.Length - start));
    }
}

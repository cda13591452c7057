using System.Numerics.Tensors;

namespace IterativeDpo.Generation.Sampling;

/// <summary>A token drawn from logits.</summary>
/// <param name="LogProb">Natural-log probability under the untempered, unfiltered policy.</param>
/// <param name="Entropy">Entropy of that policy at this position, in nats.</param>
public readonly record struct SampledToken(int Id, float LogProb, float Entropy);

/// <summary>
/// Draws tokens as the options say: repetition penalty, temperature, top-k, top-p, min-p, in this order, then one uniform number.
/// It keeps its scratch memory, so drawing allocates nothing; one thread at a time.
/// </summary>
public sealed class TokenSampler
{
    private readonly SamplingOptions _options;
    private readonly RankFilter? _filter;
    private readonly WeightTable _policy;
    private readonly WeightTable _tempered;
    private readonly float[] _adjusted; // [V]

    public TokenSampler(SamplingOptions options, int vocabularySize)
    {
        _options = options;
        _filter = options is { TopK: 0, TopP: >= 1, MinP: <= 0 }
            ? null
            : new RankFilter(options.TopK, options.TopP, options.MinP, vocabularySize);
        _policy = new WeightTable(vocabularySize);
        _tempered = new WeightTable(vocabularySize);
        _adjusted = new float[vocabularySize];
    }

    /// <param name="logits">[V].</param>
    /// <param name="promptIds">The prompt's tokens, and</param>
    /// <param name="completionIds">the completion's so far: both are subject to the repetition penalty.</param>
    /// <exception cref="NonFiniteLogitsException">A logit is NaN, or the largest is infinite.</exception>
    public SampledToken Draw(ReadOnlySpan<float> logits, ReadOnlySpan<int> promptIds, ReadOnlySpan<int> completionIds, SplitMix64 random)
    {
        _policy.Fill(logits);
        var id = Choose(logits, promptIds, completionIds, random);
        return new SampledToken(id, logits[id] - _policy.LogSumExp, _policy.Entropy);
    }

    /// <summary>A token that is given, whatever its probability.</summary>
    /// <param name="logits">[V].</param>
    public SampledToken Take(ReadOnlySpan<float> logits, int id)
    {
        _policy.Fill(logits);
        return new SampledToken(id, logits[id] - _policy.LogSumExp, _policy.Entropy);
    }

    private int Choose(ReadOnlySpan<float> logits, ReadOnlySpan<int> promptIds, ReadOnlySpan<int> completionIds, SplitMix64 random)
    {
        var penalised = _options.RepetitionPenalty != 1;
        if (penalised)
        {
            logits.CopyTo(_adjusted);
            Penalise(logits, promptIds);
            Penalise(logits, completionIds);
            logits = _adjusted;
        }
        if (_options.Temperature == 0)
        {
            return TensorPrimitives.IndexOfMax(logits);
        }
        var weights = _policy;
        if (penalised || _options.Temperature != 1)
        {
            TensorPrimitives.Divide(logits, _options.Temperature, _adjusted);
            _tempered.Fill(_adjusted);
            weights = _tempered;
        }
        var uniform = random.NextDouble();
        return _filter?.Choose(weights, uniform) ?? weights.Choose(uniform);
    }

    /// <summary>From the logits as they were, so that a token seen twice is penalised once.</summary>
    private void Penalise(ReadOnlySpan<float> logits, ReadOnlySpan<int> seen)
    {
        foreach (var id in seen)
        {
            _adjusted[id] = logits[id] > 0 ? logits[id] / _options.RepetitionPenalty : logits[id] * _options.RepetitionPenalty;
        }
    }
}

using System.Text;
using IterativeDpo.Generation.Sampling;

namespace IterativeDpo.Generation.Batching;

/// <summary>A sample on its way in a slot. The object is used again for the slot's next sample, so that a token allocates nothing.</summary>
public sealed class Completion
{
    private readonly int[] _ids; // [MaxTokens]
    private readonly float[] _logProbs; // [MaxTokens]
    private readonly CompletionText _text;
    private readonly int _contextSize;
    private int[] _promptIds = [];
    private int _count;
    private double _entropy;
    private ulong _seed;
    private SplitMix64 _random = new(0);
    private Admission _admission;

    public Completion(SamplingOptions options, int contextSize)
    {
        _contextSize = contextSize;
        _ids = new int[Math.Min(options.MaxTokens, contextSize)];
        _logProbs = new float[_ids.Length];
        _text = new CompletionText([.. (options.StopStrings ?? []).Select(Encoding.UTF8.GetBytes)]);
    }

    public int Request => _admission.Request;

    /// <summary>The token to compute next, and its position.</summary>
    public int LastId => _ids[_count - 1];

    public int Position => _promptIds.Length + _count - 1;

    public void Start(Admission admission, int[] promptIds, ulong seed)
    {
        _admission = admission;
        _promptIds = promptIds;
        _seed = seed;
        _random = new SplitMix64(seed);
        _count = 0;
        _entropy = 0;
        _text.Clear();
    }

    /// <summary>Draws the next token.</summary>
    /// <returns>Why the completion has ended, or null: it goes on.</returns>
    public FinishReason? Extend(ReadOnlySpan<float> logits, TokenSampler sampler, TokenTable tokens)
    {
        var token = sampler.Draw(logits, _promptIds, _ids.AsSpan(0, _count), _random);
        _ids[_count] = token.Id;
        _logProbs[_count++] = token.LogProb;
        _entropy += token.Entropy;
        if (tokens.EndsCompletion(token.Id))
        {
            return FinishReason.Eos;
        }
        if (_text.Append(tokens.Piece(token.Id)))
        {
            return FinishReason.Stop;
        }
        return _count == _ids.Length || _promptIds.Length + _count == _contextSize ? FinishReason.Length : null;
    }

    public Sample ToSample(FinishReason reason) => new(
        _admission.Sample, _seed, _ids[.._count], _logProbs[.._count], _text.ToString(), reason, (float)(_entropy / _count));
}

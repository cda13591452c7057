using System.Text;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Generation.Sampling;

namespace IterativeDpo.Generation.Batching;

/// <summary>
/// A sample on its way in a slot. The object is used again for the slot's next sample, so that a token allocates nothing.
/// </summary>
public sealed class Completion
{
    private readonly int[] _ids; // [MaxTokens]
    private readonly float[] _logProbs; // [MaxTokens]
    private readonly CompletionText _text;
    private readonly int _contextSize;
    private readonly int _mostThoughts;
    private int[] _promptIds = [];
    private int _count;
    private double _entropy;
    private ulong _seed;
    private SplitMix64 _random = new(0);
    private Admission _admission;
    private bool _isThinking;
    private int _thoughts; // tokens, once they have ended
    private int _answerAt; // bytes

    public Completion(SamplingOptions options, int contextSize)
    {
        _contextSize = contextSize;
        _mostThoughts = options.ThoughtTokens == 0 ? int.MaxValue : options.ThoughtTokens;
        _ids = new int[Math.Min(options.MaxTokens, contextSize)];
        _logProbs = new float[_ids.Length];
        _text = new CompletionText([.. (options.StopStrings ?? []).Select(Encoding.UTF8.GetBytes)]);
    }

    public int Request => _admission.Request;

    /// <summary>The token to compute next, and its position.</summary>
    public int LastId => _ids[_count - 1];

    public int Position => _promptIds.Length + _count - 1;

    /// <param name="isThinking">Whether the prompt has begun the thoughts.</param>
    public void Start(Admission admission, int[] promptIds, ulong seed, bool isThinking = false)
    {
        (_isThinking, _thoughts, _answerAt) = (isThinking, 0, 0);
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
        if (_isThinking && _count >= _mostThoughts)
        {
            token = sampler.Take(logits, tokens.Thoughts!.NextToEnd(_ids.AsSpan(0, _count)));
        }
        _ids[_count] = token.Id;
        _logProbs[_count++] = token.LogProb;
        _entropy += token.Entropy;
        if (tokens.EndsCompletion(token.Id))
        {
            return FinishReason.Eos;
        }
        var isStopped = _text.Append(tokens.Piece(token.Id));
        FollowThoughts(token.Id, tokens.Thoughts);
        if (isStopped)
        {
            return FinishReason.Stop;
        }
        return _count == _ids.Length || _promptIds.Length + _count == _contextSize ? FinishReason.Length : null;
    }

    public Sample ToSample(FinishReason reason) => new(
        _admission.Sample, _seed, _ids[.._count], _logProbs[.._count], _text.ToString(), reason, (float)(_entropy / _count),
        Thoughts: _isThinking ? _count : _thoughts,
        AnswerAt: _text.CharactersOf(_isThinking ? _text.Length : _answerAt));

    /// <summary>A model thinks from its first token on, or where its prompt had it begin.</summary>
    private void FollowThoughts(int id, ThoughtMarks? marks)
    {
        if (marks is null)
        {
            return;
        }
        if (_count == 1 && id == marks.Begin)
        {
            _isThinking = true;
        }
        else if (_isThinking && marks.EndAt(_ids.AsSpan(0, _count)))
        {
            (_isThinking, _thoughts, _answerAt) = (false, _count, _text.Length);
        }
    }
}

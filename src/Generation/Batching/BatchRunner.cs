using IterativeDpo.Generation.Sampling;

namespace IterativeDpo.Generation.Batching;

/// <summary>A request with its prompt's token ids.</summary>
public sealed record EncodedRequest(GenerationRequest Request, int[] PromptIds);

/// <summary>
/// Continuous batching: a prompt is computed once, together with those that follow it, and forked to its samples; a slot whose sample is
/// done takes the next at once; every step decodes one token for each busy slot.
/// </summary>
public sealed class BatchRunner
{
    private readonly IBatchDecoder _decoder;
    private readonly TokenTable _tokens;
    private readonly TokenSampler _sampler;
    private readonly Completion[] _completions; // by slot
    private readonly int[] _ids; // by slot
    private readonly int[] _positions; // by slot
    private readonly float[][] _promptLogits; // [places, V]
    private readonly TokenCounter _generatedTokens;

    public BatchRunner(IBatchDecoder decoder, TokenTable tokens, SamplingOptions options, int contextSize, TokenCounter generatedTokens)
    {
        _generatedTokens = generatedTokens;
        _decoder = decoder;
        _tokens = tokens;
        _sampler = new TokenSampler(options, tokens.Count);
        _completions = [.. Enumerable.Range(0, decoder.Slots).Select(_ => new Completion(options, contextSize))];
        _ids = new int[decoder.Slots];
        _positions = new int[decoder.Slots];
        _promptLogits = [.. Enumerable.Range(0, decoder.Places).Select(_ => new float[tokens.Count])];
    }

    /// <summary>Runs every request; each is reported once, when its last sample is done.</summary>
    public void Run(IReadOnlyList<EncodedRequest> requests, Action<PromptSamples> onFinished, CancellationToken cancellationToken)
    {
        _decoder.Reset();
        var scheduler = new SlotScheduler(_decoder.Slots, [.. requests.Select(r => r.Request.Seeds.Count)]);
        var results = new ResultCollector(requests, onFinished);
        while (true)
        {
            Admit(scheduler, requests, results, cancellationToken);
            if (scheduler.Active == 0)
            {
                return;
            }
            while (scheduler.Compact(out var from, out var to))
            {
                _decoder.Move(from, to);
                (_completions[from], _completions[to]) = (_completions[to], _completions[from]);
            }
            cancellationToken.ThrowIfCancellationRequested();
            Step(scheduler, results);
        }
    }

    private void Admit(
        SlotScheduler scheduler,
        IReadOnlyList<EncodedRequest> requests,
        ResultCollector results,
        CancellationToken cancellationToken)
    {
        while (scheduler.TryAdmit(out var admission))
        {
            var request = requests[admission.Request];
            // Requests open in their order, each when all samples of those before have a slot: the places are free by then.
            var place = admission.Request % _decoder.Places;
            if (admission.OpensRequest && place == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                _decoder.Prefill(
                    [.. requests.Skip(admission.Request).Take(_decoder.Places).Select(next => next.PromptIds)],
                    (prompt, logits) => logits.CopyTo(_promptLogits[prompt]));
            }
            var completion = _completions[admission.Slot];
            completion.Start(
                admission,
                request.PromptIds,
                request.Request.Seeds[admission.Sample],
                isThinking: _tokens.Thoughts?.AreOpenAfter(request.PromptIds) == true);
            if (!Extend(admission.Slot, _promptLogits[place], scheduler, results))
            {
                _decoder.Fork(place, admission.Slot);
            }
        }
    }

    private void Step(SlotScheduler scheduler, ResultCollector results)
    {
        var active = scheduler.Active;
        for (var slot = 0; slot < active; slot++)
        {
            _ids[slot] = _completions[slot].LastId;
            _positions[slot] = _completions[slot].Position;
        }
        _decoder.Decode(_ids.AsSpan(0, active), _positions.AsSpan(0, active));
        for (var slot = 0; slot < active; slot++)
        {
            Extend(slot, _decoder.Logits(slot), scheduler, results);
        }
    }

    /// <returns>Whether the slot's completion is done, and its slot free.</returns>
    private bool Extend(int slot, ReadOnlySpan<float> logits, SlotScheduler scheduler, ResultCollector results)
    {
        var completion = _completions[slot];
        var finished = completion.Extend(logits, _sampler, _tokens);
        _generatedTokens.Increment();
        if (finished is not { } reason)
        {
            return false;
        }
        scheduler.Release(slot);
        results.Add(completion.Request, completion.ToSample(reason));
        return true;
    }
}

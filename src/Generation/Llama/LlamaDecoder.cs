using IterativeDpo.Generation.Batching;
using LLama;
using LLama.Common;
using LLama.Exceptions;
using LLama.Native;

namespace IterativeDpo.Generation.Llama;

/// <summary>
/// A llama.cpp context with a KV buffer for each slot and one more for the prompt. Separate buffers keep attention to a sequence's own
/// tokens; the price is that a fork copies the prompt's keys and values.
/// </summary>
internal sealed class LlamaDecoder : IBatchDecoder, IDisposable
{
    private readonly LLamaContext _context;
    private readonly SafeLLamaContextHandle _handle;
    private readonly LLamaBatch _batch = new();
    private readonly LLamaSeqId _promptSequence;
    private readonly int _batchTokens;

    public LlamaDecoder(LLamaWeights weights, LlamaOptions options)
    {
        // On a processor, plain attention over float32 keys and values is a quarter to a half faster than the other choices, and exact.
        var gpu = NativeApi.llama_supports_gpu_offload();
        var cacheType = gpu ? GGMLType.GGML_TYPE_F16 : GGMLType.GGML_TYPE_F32;
        _batchTokens = Math.Max(options.BatchTokens, options.Sequences);
        _context = weights.CreateContext(new ModelParams(options.ModelPath)
        {
            ContextSize = (uint)(options.ContextSize * (options.Sequences + 1)),
            SeqMax = (uint)options.Sequences + 1,
            BatchSize = (uint)_batchTokens,
            UBatchSize = (uint)_batchTokens,
            Threads = options.Threads,
            BatchThreads = options.Threads,
            KVUnified = false,
            TypeK = cacheType,
            TypeV = cacheType,
            FlashAttention = gpu ? null : false,
        });
        _handle = _context.NativeHandle;
        Slots = options.Sequences;
        _promptSequence = (LLamaSeqId)options.Sequences;
    }

    public int Slots { get; }

    /// <summary>Puts this adapter on the base, or none.</summary>
    public void UseAdapter(LoraAdapter? adapter)
    {
        if (adapter is null)
        {
            _handle.SetLoraAdapters();
        }
        else
        {
            _handle.SetLoraAdapters((adapter, 1f));
        }
    }

    public void Reset() => _handle.MemoryClear(data: false);

    public ReadOnlySpan<float> Prefill(ReadOnlySpan<int> promptIds)
    {
        _handle.MemorySequenceRemove(_promptSequence, -1, -1);
        var last = 0;
        for (var start = 0; start < promptIds.Length; start += _batchTokens)
        {
            var end = Math.Min(start + _batchTokens, promptIds.Length);
            _batch.Clear();
            for (var i = start; i < end; i++)
            {
                last = _batch.Add(promptIds[i], i, _promptSequence, logits: i == promptIds.Length - 1);
            }
            DecodeBatch();
        }
        return _handle.GetLogitsIth(last);
    }

    /// <summary>Computes a prompt in each of the slots 0, 1, …, several in one batch.</summary>
    /// <param name="onLogits">Given each prompt's place and the logits after its last token. [V]</param>
    public void PrefillSlots(IReadOnlyList<int[]> prompts, Action<int, ReadOnlySpan<float>> onLogits, CancellationToken cancellationToken)
    {
        Reset();
        _batch.Clear();
        var (filled, ends) = (0, new List<(int Prompt, int Index)>());
        for (var prompt = 0; prompt < prompts.Count; prompt++)
        {
            for (var i = 0; i < prompts[prompt].Length; i++)
            {
                var isLast = i == prompts[prompt].Length - 1;
                var index = _batch.Add(prompts[prompt][i], i, (LLamaSeqId)prompt, logits: isLast);
                if (isLast)
                {
                    ends.Add((prompt, index));
                }
                if (++filled == _batchTokens || (isLast && prompt == prompts.Count - 1))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    DecodeBatch();
                    ends.ForEach(end => onLogits(end.Prompt, _handle.GetLogitsIth(end.Index)));
                    ends.Clear();
                    _batch.Clear();
                    filled = 0;
                }
            }
        }
    }

    public void Fork(int slot) => _handle.MemorySequenceCopy(_promptSequence, (LLamaSeqId)slot, -1, -1);

    public void Move(int from, int to) => _handle.MemorySequenceCopy((LLamaSeqId)from, (LLamaSeqId)to, -1, -1);

    public void Decode(ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions)
    {
        _batch.Clear();
        for (var slot = 0; slot < tokens.Length; slot++)
        {
            _batch.Add(tokens[slot], positions[slot], (LLamaSeqId)slot, logits: true);
        }
        DecodeBatch();
    }

    public ReadOnlySpan<float> Logits(int slot) => _handle.GetLogitsIth(slot);

    public void Dispose() => _context.Dispose();

    private void DecodeBatch()
    {
        var result = _context.Decode(_batch);
        if (result != DecodeResult.Ok)
        {
            throw new LLamaDecodeError(result);
        }
    }
}

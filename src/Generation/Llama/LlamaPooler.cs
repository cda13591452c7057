using LLama;
using LLama.Common;
using LLama.Exceptions;
using LLama.Native;

namespace IterativeDpo.Generation.Llama;

/// <summary>A llama.cpp context that gives the normalised state of each sequence's last token, many sequences to a call.</summary>
internal sealed class LlamaPooler : IDisposable
{
    /// <summary>llama.cpp takes up to 256.</summary>
    private const int MostSequences = 64;

    private readonly LLamaContext _context;
    private readonly LLamaBatch _batch = new();
    private readonly int _batchTokens;

    /// <param name="batchTokens">Most tokens to one call, and of one sequence.</param>
    public LlamaPooler(LLamaWeights weights, string modelPath, int batchTokens, int threads)
    {
        // On a processor, plain attention over float32 keys and values is exact, and as fast where nothing is decoded token by token.
        var gpu = NativeApi.llama_supports_gpu_offload();
        var cacheType = gpu ? GGMLType.GGML_TYPE_F16 : GGMLType.GGML_TYPE_F32;
        _batchTokens = batchTokens;
        // llama.cpp ends the process where a batch cannot hold a token of every sequence.
        var room = (uint)Math.Max(batchTokens, MostSequences);
        // One buffer for all, so that any lengths fill it; a batch is computed at once, because a sequence cut in two is pooled twice.
        _context = weights.CreateContext(new ModelParams(modelPath)
        {
            ContextSize = room,
            SeqMax = MostSequences,
            BatchSize = room,
            UBatchSize = room,
            Threads = threads,
            BatchThreads = threads,
            KVUnified = true,
            TypeK = cacheType,
            TypeV = cacheType,
            FlashAttention = gpu ? null : false,
            Embeddings = true,
            PoolingType = LLamaPoolingType.Last,
        });
    }

    /// <param name="sequences">Token ids, none empty and none longer than a batch.</param>
    /// <param name="onState">Gets a sequence's place and its state [dim], which it may read until it returns.</param>
    public void Run(IReadOnlyList<int[]> sequences, SequenceState onState, CancellationToken cancellationToken)
    {
        for (var start = 0; start < sequences.Count;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var end = start;
            for (var tokens = 0;
                end < sequences.Count && end - start < MostSequences && tokens + sequences[end].Length <= _batchTokens;
                end++)
            {
                tokens += sequences[end].Length;
            }
            if (end == start)
            {
                throw new ArgumentException(
                    $"a sequence of {sequences[start].Length} tokens in batches of {_batchTokens}",
                    nameof(sequences));
            }
            Decode(sequences, start, end);
            for (var i = start; i < end; i++)
            {
                onState(i, _context.NativeHandle.GetEmbeddingsSeq((LLamaSeqId)(i - start)));
            }
            start = end;
        }
    }

    public void Dispose() => _context.Dispose();

    private void Decode(IReadOnlyList<int[]> sequences, int start, int end)
    {
        _context.NativeHandle.MemoryClear(data: false);
        _batch.Clear();
        for (var i = start; i < end; i++)
        {
            foreach (var (position, id) in sequences[i].Index())
            {
                _batch.Add(id, position, (LLamaSeqId)(i - start), logits: true);
            }
        }
        var result = _context.Decode(_batch);
        if (result != DecodeResult.Ok)
        {
            throw new LLamaDecodeError(result);
        }
    }
}

/// <summary>Takes a sequence's pooled state [dim].</summary>
internal delegate void SequenceState(int sequence, ReadOnlySpan<float> state);

using LLama;
using LLama.Exceptions;
using LLama.Native;

namespace IterativeDpo.Engines.Tests.Llama;

public sealed class ContextTests(TinyLlama llama) : IClassFixture<TinyLlama>
{
    [Fact]
    public void Decode_tokenByToken_givesTheLogitsOfTheWholeText()
    {
        using var context = NewContext();

        var whole = TinyLlama.Decode(context, 0, 0, "abc");
        TinyLlama.Decode(context, 1, 0, "a");
        TinyLlama.Decode(context, 1, 1, "b");

        TinyLlama.AssertClose(whole, TinyLlama.Decode(context, 1, 2, "c"));
    }

    [Fact]
    public void MemorySequenceCopy_wholeSequence_continuesAsTheOriginalDoes()
    {
        using var context = NewContext();
        TinyLlama.Decode(context, 3, 0, "shared prompt");
        context.NativeHandle.MemorySequenceCopy((LLamaSeqId)3, (LLamaSeqId)1, -1, -1);

        TinyLlama.AssertClose(TinyLlama.Decode(context, 3, 13, "x"), TinyLlama.Decode(context, 1, 13, "x"));
    }

    [Fact]
    public void MemorySequenceCopy_thenSourceChanged_leavesTheCopy()
    {
        using var context = NewContext();
        var expected = TinyLlama.Decode(context, 0, 0, "abcd");
        TinyLlama.Decode(context, 2, 0, "abc");
        context.NativeHandle.MemorySequenceCopy((LLamaSeqId)2, (LLamaSeqId)1, -1, -1);
        context.NativeHandle.MemorySequenceRemove((LLamaSeqId)2, -1, -1);
        TinyLlama.Decode(context, 2, 0, "xyz");

        TinyLlama.AssertClose(expected, TinyLlama.Decode(context, 1, 3, "d"));
    }

    [Fact]
    public void MemorySequenceRemove_usedSequence_startsItAnew()
    {
        using var context = NewContext();
        var first = TinyLlama.Decode(context, 0, 0, "abc");
        TinyLlama.Decode(context, 0, 3, "def");
        context.NativeHandle.MemorySequenceRemove((LLamaSeqId)0, -1, -1);

        Assert.Equal(first, TinyLlama.Decode(context, 0, 0, "abc"));
    }

    [Fact]
    public void MemoryClear_usedContext_startsAnew()
    {
        using var context = NewContext();
        var first = TinyLlama.Decode(context, 2, 0, "abc");
        context.NativeHandle.MemoryClear(false);

        Assert.Equal(first, TinyLlama.Decode(context, 2, 0, "abc"));
    }

    [Fact]
    public void SetLoraAdapters_onAndOff_changesTheLogitsAndRestoresThem()
    {
        using var context = NewContext();
        var adapter = llama.Weights.NativeHandle.LoadLoraFromFile(llama.AdapterPath);

        var without = Fresh(context);
        context.NativeHandle.SetLoraAdapters((adapter, 1f));
        var with = Fresh(context);
        context.NativeHandle.SetLoraAdapters((adapter, 0.5f));
        var half = Fresh(context);
        context.NativeHandle.SetLoraAdapters();
        adapter.Unload();

        Assert.NotEqual(without, with);
        Assert.NotEqual(with, half);
        Assert.Equal(without, Fresh(context));
    }

    [Fact]
    public void SetLoraAdapters_unloadedOne_throws()
    {
        using var context = NewContext();
        var adapter = llama.Weights.NativeHandle.LoadLoraFromFile(llama.AdapterPath);
        adapter.Unload();
        adapter.Unload();

        Assert.Throws<ArgumentException>(() => context.NativeHandle.SetLoraAdapters((adapter, 1f)));
    }

    [Fact]
    public void SetLoraAdapters_ofAnotherModel_throws()
    {
        using var other = LLamaWeights.LoadFromFile(llama.Parameters);
        using var context = NewContext();
        var adapter = other.NativeHandle.LoadLoraFromFile(llama.AdapterPath);

        Assert.Throws<ArgumentException>(() => context.NativeHandle.SetLoraAdapters((adapter, 1f)));
    }

    [Fact]
    public void LoadLoraFromFile_missingFile_throwsFileNotFound() =>
        Assert.Throws<FileNotFoundException>(() => llama.Weights.NativeHandle.LoadLoraFromFile(llama["missing.gguf"]));

    [Fact]
    public void GetLogitsIth_notAskedFor_throws()
    {
        using var context = NewContext();
        var batch = new LLamaBatch();
        batch.Add(1, 0, (LLamaSeqId)0, false);
        var last = batch.Add(2, 1, (LLamaSeqId)0, true);
        context.Decode(batch);

        Assert.Equal(llama.Weights.Vocab.Count, context.NativeHandle.GetLogitsIth(last).Length);
        Assert.ThrowsAny<RuntimeError>(() => context.NativeHandle.GetLogitsIth(0).Length);
    }

    [Fact]
    public void GetEmbeddingsSeq_lastPooling_isTheStateBehindTheLastLogits()
    {
        using var pooled = llama.Weights.CreateContext(llama.Parameters with { Embeddings = true, PoolingType = LLamaPoolingType.Last, KVUnified = true });
        using var plain = NewContext();
        var batch = new LLamaBatch();
        foreach (var (sequence, text) in new[] { (0, "abc"), (1, "something else") })
        {
            foreach (var (i, c) in text.Index())
            {
                batch.Add(c, i, (LLamaSeqId)sequence, logits: true);
            }
        }

        Assert.Equal(DecodeResult.Ok, pooled.Decode(batch));

        foreach (var (sequence, text) in new[] { (0, "abc"), (1, "something else") })
        {
            var state = pooled.NativeHandle.GetEmbeddingsSeq((LLamaSeqId)sequence).ToArray();
            TinyLlama.AssertClose(TinyLlama.Decode(plain, sequence, 0, text), TinyLlama.Head(state));
        }
    }

    [Fact]
    public void Decode_emptyBatch_isOk()
    {
        using var context = NewContext();

        Assert.Equal(DecodeResult.Ok, context.Decode(new LLamaBatch()));
    }

    [Fact]
    public void Decode_moreTokensThanTheBatchSize_throws()
    {
        using var context = NewContext();
        var batch = Batch(65);

        Assert.Throws<ArgumentException>(() => context.Decode(batch));
    }

    [Fact]
    public void Decode_fullSequence_findsNoSlot()
    {
        using var context = NewContext();
        for (var start = 0; start < 256; start += 64)
        {
            Assert.Equal(DecodeResult.Ok, context.Decode(Batch(64, start)));
        }

        Assert.Equal(DecodeResult.NoKvSlot, context.Decode(Batch(1, 256)));
    }

    [Fact]
    public void Add_manyTokens_growsTheBatch()
    {
        using var context = llama.Weights.CreateContext(llama.Parameters with { BatchSize = 256, UBatchSize = 256 });
        using var parts = NewContext();
        var batch = Batch(200);

        Assert.Equal(DecodeResult.Ok, context.Decode(batch));
        for (var start = 0; start < 200; start += 50)
        {
            parts.Decode(Batch(50, start));
        }
        TinyLlama.AssertClose(context.NativeHandle.GetLogitsIth(199).ToArray(), parts.NativeHandle.GetLogitsIth(49).ToArray());
    }

    [Fact]
    public void Clear_usedBatch_isEmpty()
    {
        var batch = Batch(3);
        batch.Clear();

        Assert.Equal(0, batch.Add(1, 0, (LLamaSeqId)0, true));
    }

    private LLamaContext NewContext() => llama.Weights.CreateContext(llama.Parameters);

    private static float[] Fresh(LLamaContext context)
    {
        context.NativeHandle.MemoryClear(false);
        return TinyLlama.Decode(context, 0, 0, "abc");
    }

    private static LLamaBatch Batch(int tokens, int start = 0)
    {
        var batch = new LLamaBatch();
        for (var i = start; i < start + tokens; i++)
        {
            batch.Add(i % 256, i, (LLamaSeqId)0, true);
        }
        return batch;
    }
}

using IterativeDpo.Artifacts.Models;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch.Cpu;

/// <summary>
/// Attention whose scores are not stored but computed again on the way back, as in FlashAttention (arXiv 2205.14135): what is kept is
/// log Σ exp(score) of each row and head. Groups, key heads and shares of long groups are divided among threads.
/// </summary>
internal sealed unsafe class CpuAttention : IAttention
{
    private readonly KeyHeadAttention _head;
    private readonly int _rows, _heads, _outputWidth, _positions;
    private readonly Item[] _items;
    private readonly long _sums;

    /// <param name="rows">The rows whose output is wanted, in this order; null for all.</param>
    /// <param name="window">See <see cref="BlockAttention"/>.</param>
    public CpuAttention(ModelConfig config, RotationTable rotation, PackedBatch batch, IReadOnlyList<int>? rows, int window)
    {
        (_heads, _outputWidth, _positions) = (config.Heads, config.Heads * config.HeadDim, batch.Positions.Length);
        var places = PlacesOf(rows, _positions);
        _rows = rows?.Count ?? _positions;
        _head = new(config, rotation, batch.Positions, places);
        var items = new List<Item>();
        foreach (var group in AttentionGroup.AllOf(batch, places, _head.QueriesAtOnce, window))
        {
            for (var kvHead = 0; kvHead < config.KvHeads; kvHead++)
            {
                items.AddRange(group.Shares.Select((_, share) => new Item(group, kvHead, share, _sums + share * _head.SumsOf(group))));
                _sums += group.IsDivided ? group.Shares.Length * _head.SumsOf(group) : 0;
            }
        }
        _items = [.. items];
    }

    /// <summary>
    /// What the way back takes at most while it runs: each thread's scratch memory, and the sums of groups that are divided.
    /// </summary>
    /// <param name="rows">Of a pass; the worst is one group of them all.</param>
    public static long WorkingBytes(ModelConfig config, int threads, long rows)
    {
        long depth = Lanes.Pad(config.HeadDim);
        var items = Math.Min(threads, config.KvHeads * AttentionGroup.MostShares);
        return sizeof(float)
            * rows
            * (items * (5 * depth + 2 * KeyHeadAttention.ScoresAtOnce) + 2 * config.KvHeads * AttentionGroup.MostShares * depth);
    }

    public (Tensor Rows, IReadOnlyList<Tensor> Trace) Forward(Tensor projected) => ForwardWith(projected, null);

    public (Tensor Rows, Tensor Taken, IReadOnlyList<Tensor> Trace) Forward(Tensor projected, Tensor sinks)
    {
        var (rows, trace) = ForwardWith(projected, sinks);
        return (rows, (sinks - trace[1]).exp_(), trace);
    }

    public Tensor Backward(IReadOnlyList<Tensor> trace, Tensor gradient) => trace[0].dtype == ScalarType.BFloat16
        ? Backward<BFloat16Element>(trace[0], trace[1], gradient)
        : Backward<Float32Element>(trace[0], trace[1], gradient);

    private (Tensor Rows, IReadOnlyList<Tensor> Trace) ForwardWith(Tensor projected, Tensor? sinks) =>
        projected.dtype == ScalarType.BFloat16 ? Forward<BFloat16Element>(projected, sinks) : Forward<Float32Element>(projected, sinks);

    private (Tensor Rows, IReadOnlyList<Tensor> Trace) Forward<TElement>(Tensor projected, Tensor? sinks) where TElement : IElement
    {
        var type = projected.dtype;
        var (result, normalisers) = (
            empty([_rows, _outputWidth], type, projected.device),
            empty([_rows, _heads], ScalarType.Float32, projected.device));
        var from = CpuMemory.Start(projected, type, _positions, _head.ProjectedWidth);
        var (to, logs) = (
            CpuMemory.Start(result, type, _rows, _outputWidth),
            CpuMemory.Start(normalisers, ScalarType.Float32, _rows, _heads));
        var ofSinks = sinks is null ? 0 : CpuMemory.Start(sinks, ScalarType.Float32, _heads);
        ThreadTeam.ForEach(_items.Length, i =>
        {
            var (group, kvHead, share, _) = _items[i];
            _head.Forward<TElement>(group, kvHead, share, (void*)from, (float*)ofSinks, (void*)to, (float*)logs);
        });
        GC.KeepAlive(sinks);
        return (result, [projected, normalisers]);
    }

    private Tensor Backward<TElement>(Tensor projected, Tensor normalisers, Tensor gradient) where TElement : IElement
    {
        var type = projected.dtype;
        var result = empty_like(projected);
        using var sums = empty([_sums], ScalarType.Float32, projected.device);
        var (from, to) = (
            CpuMemory.Start(projected, type, _positions, _head.ProjectedWidth),
            CpuMemory.Start(result, type, _positions, _head.ProjectedWidth));
        var (logs, slopes) = (
            CpuMemory.Start(normalisers, ScalarType.Float32, _rows, _heads),
            CpuMemory.Start(gradient, type, _rows, _outputWidth));
        var memory = CpuMemory.Start(sums, ScalarType.Float32, _sums);
        ThreadTeam.ForEach(_items.Length, i =>
        {
            var (group, kvHead, share, at) = _items[i];
            _head.Backward<TElement>(
                group,
                kvHead,
                share,
                (void*)from,
                (float*)logs,
                (void*)slopes,
                (void*)to,
                group.IsDivided ? (float*)memory + at : null);
        });
        var divided = Array.FindAll(_items, item => item.Group.IsDivided && item.Share == 0);
        ThreadTeam.ForEach(divided.Length, i =>
        {
            var (group, kvHead, _, at) = divided[i];
            AddShares(group, (float*)memory + at);
            _head.StoreKeys<TElement>(group, kvHead, (float*)memory + at, (void*)to);
        });
        GC.KeepAlive(projected);
        GC.KeepAlive(normalisers);
        GC.KeepAlive(gradient);
        return result;
    }

    /// <summary>Adds what the other shares gave to the first one's, in their order.</summary>
    private void AddShares(AttentionGroup group, float* first)
    {
        var count = _head.SumsOf(group);
        for (var share = 1; share < group.Shares.Length; share++)
        {
            for (long i = 0; i < count; i += Lanes.Count)
            {
                (Lanes.Load(first + i) + Lanes.Load(first + share * count + i)).Store(first + i);
            }
        }
    }

    /// <summary>Where each row's output goes, or −1.</summary>
    private static int[] PlacesOf(IReadOnlyList<int>? rows, int count)
    {
        int[] places = [.. Enumerable.Range(0, count)];
        if (rows is not null)
        {
            Array.Fill(places, -1);
            for (var i = 0; i < rows.Count; i++)
            {
                places[rows[i]] = i;
            }
        }
        return places;
    }

    /// <summary>What one thread does at a time.</summary>
    /// <param name="SumsAt">Where the share's gradients of keys and values lie among the sums of divided groups.</param>
    private readonly record struct Item(AttentionGroup Group, int KvHead, int Share, long SumsAt);
}

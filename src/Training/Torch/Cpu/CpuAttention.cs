using IterativeDpo.Artifacts.Models;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch.Cpu;

/// <summary>
/// Attention whose scores are not stored but computed again on the way back, as in FlashAttention (arXiv 2205.14135): a thread has one key head of a
/// prompt and its branches, turns and unpacks its keys and values once, and computes the scores of some queries at a time. What is kept
/// is log Σ exp(score) of each row and head.
/// </summary>
internal sealed unsafe class CpuAttention : IAttention
{
    /// <summary>Rows of scores at once, those of query heads that share a key head side by side: with some hundred keys they stay in a core's cache.</summary>
    public const int ScoresAtOnce = 48;

    private readonly int _heads, _kvHeads, _headsPerKv, _headDim, _depth, _scoreRows, _rows;
    private readonly int[] _positions;
    private readonly int[] _places; // Where each row's output goes, or −1.
    private readonly RotationTable _rotation;
    private readonly AttentionGroup[] _groups;
    private readonly (AttentionGroup Group, int KvHead, int Share)[] _items;
    private readonly Dictionary<AttentionGroup, long> _sharedSums = [];
    private readonly long _sharedFloats;

    /// <param name="rotation">Of as many positions as the batch has.</param>
    /// <param name="rows">The rows whose output is wanted, in this order; null for all.</param>
    public CpuAttention(ModelConfig config, RotationTable rotation, PackedBatch batch, IReadOnlyList<int>? rows)
    {
        (_heads, _kvHeads, _headsPerKv) = (config.Heads, config.KvHeads, config.Heads / config.KvHeads);
        (_headDim, _depth, _rotation) = (config.HeadDim, Lanes.Pad(config.HeadDim), rotation);
        var queriesAtOnce = Math.Max(1, ScoresAtOnce / _headsPerKv);
        _scoreRows = CpuProduct.Pad(queriesAtOnce * _headsPerKv);
        _positions = batch.Positions;
        _places = rows is null ? [.. Enumerable.Range(0, _positions.Length)] : Enumerable.Repeat(-1, _positions.Length).ToArray();
        _rows = rows?.Count ?? _places.Length;
        for (var i = 0; i < rows?.Count; i++)
        {
            _places[rows[i]] = i;
        }
        _groups = [.. AttentionGroup.AllOf(batch, _places, queriesAtOnce)];
        _items =
        [
            .. _groups.SelectMany(group => Enumerable.Range(0, _kvHeads).SelectMany(head => group.Shares.Select((_, share) => (group, head, share)))),
        ];
        foreach (var group in _groups.Where(group => group.Shares.Length > 1))
        {
            _sharedSums.Add(group, _sharedFloats);
            _sharedFloats += _kvHeads * group.Shares.Length * SumsOf(group);
        }
    }

    /// <summary>What the way back takes at most while it runs: each thread's scratch memory, and the sums of groups that are divided.</summary>
    /// <param name="rows">Of a pass; the worst is one group of them all.</param>
    public static long WorkingBytes(ModelConfig config, int threads, long rows)
    {
        long depth = Lanes.Pad(config.HeadDim);
        var items = Math.Min(threads, config.KvHeads * AttentionGroup.MostShares);
        return sizeof(float) * rows * (items * (5 * depth + 2 * ScoresAtOnce) + 2 * config.KvHeads * AttentionGroup.MostShares * depth);
    }

    public (Tensor Rows, IReadOnlyList<Tensor> Trace) Forward(Tensor projected) =>
        projected.dtype == ScalarType.BFloat16 ? Forward<BFloat16Element>(projected) : Forward<Float32Element>(projected);

    public Tensor Backward(IReadOnlyList<Tensor> trace, Tensor gradient) => trace[0].dtype == ScalarType.BFloat16
        ? Backward<BFloat16Element>(trace[0], trace[1], gradient)
        : Backward<Float32Element>(trace[0], trace[1], gradient);

    private (Tensor Rows, IReadOnlyList<Tensor> Trace) Forward<TElement>(Tensor projected) where TElement : IElement
    {
        var type = projected.dtype;
        var (result, normalisers) = (empty([_rows, _heads * _headDim], type, projected.device), empty([_rows, _heads], ScalarType.Float32, projected.device));
        var from = CpuMemory.Start(projected, type, _positions.Length, ProjectedWidth);
        var (to, sums) = (CpuMemory.Start(result, type, _rows, _heads * _headDim), CpuMemory.Start(normalisers, ScalarType.Float32, _rows, _heads));
        ThreadTeam.ForEach(_items.Length, i => Forward<TElement>(_items[i].Group, _items[i].KvHead, _items[i].Share, (void*)from, (void*)to, (float*)sums));
        return (result, [projected, normalisers]);
    }

    private Tensor Backward<TElement>(Tensor projected, Tensor normalisers, Tensor gradient) where TElement : IElement
    {
        var type = projected.dtype;
        var result = empty_like(projected);
        using var shared = empty([_sharedFloats], ScalarType.Float32, projected.device);
        var (from, to) = (CpuMemory.Start(projected, type, _positions.Length, ProjectedWidth), CpuMemory.Start(result, type, _positions.Length, ProjectedWidth));
        var (sums, slopes) = (CpuMemory.Start(normalisers, ScalarType.Float32, _rows, _heads), CpuMemory.Start(gradient, type, _rows, _heads * _headDim));
        var memory = CpuMemory.Start(shared, ScalarType.Float32, _sharedFloats);
        ThreadTeam.ForEach(_items.Length, i => Backward<TElement>(
            _items[i].Group, _items[i].KvHead, _items[i].Share, (void*)from, (float*)sums, (void*)slopes, (void*)to, (float*)memory));
        var divided = _items.Where(item => item.Group.Shares.Length > 1 && item.Share == 0).ToArray();
        ThreadTeam.ForEach(divided.Length, i => StoreSharedSums<TElement>(divided[i].Group, divided[i].KvHead, (float*)memory, (void*)to));
        GC.KeepAlive(projected);
        GC.KeepAlive(normalisers);
        GC.KeepAlive(gradient);
        return result;
    }

    private void Forward<TElement>(AttentionGroup group, int kvHead, int share, void* projected, void* result, float* normalisers) where TElement : IElement
    {
        using var scratch = new Scratch(2L * group.Columns * _depth + (2L * _scoreRows + 1) * _depth + (long)_scoreRows * group.MostColumns);
        var (keys, values, key) = (scratch.TakeZeros(_depth, group.Columns), scratch.TakeZeros(group.Columns, _depth), scratch.Take(1, _depth));
        var (queries, attended) = (scratch.TakeZeros(_scoreRows, _depth), scratch.Take(_scoreRows, _depth));
        var scoreMemory = scratch.Take(_scoreRows, group.MostColumns);
        foreach (var (row, column) in group.Keys)
        {
            _rotation.Load<TElement>(projected, KeyOf(row, kvHead), _positions[row], key.Start);
            Spread(key.Span(0, _headDim), keys, column);
            Load<TElement>(projected, ValueOf(row, kvHead), values.Span(column, _headDim));
        }
        var factors = stackalloc float[_scoreRows];
        foreach (var piece in group.Shares[share])
        {
            LoadQueries<TElement>(piece, kvHead, projected, queries);
            var (scores, rows) = (scoreMemory with { Row = piece.Columns }, piece.Rows.Length * _headsPerKv);
            foreach (var part in piece.Parts)
            {
                CpuProduct.Multiply(queries, keys.From(0, part.Group), scores.From(0, part.Score), CpuProduct.Pad(rows), part.Count, _depth);
            }
            for (var i = 0; i < rows; i++)
            {
                var (max, sum) = ScoreRow.Exponentials(scores.Span(i, piece.Columns), piece, i / _headsPerKv);
                factors[i] = 1 / sum;
                normalisers[OutputOf(piece, kvHead, i)] = max + MathF.Log(sum);
            }
            foreach (var part in piece.Parts)
            {
                var add = part.Score > 0;
                CpuProduct.Multiply(scores.From(0, part.Score), values.From(part.Group, 0), attended, CpuProduct.Pad(rows), _depth, part.Count, add);
            }
            for (var i = 0; i < rows; i++)
            {
                Store<TElement>(attended.Span(i, _headDim), factors[i], result, OutputOf(piece, kvHead, i) * _headDim);
            }
        }
    }

    private void Backward<TElement>(
        AttentionGroup group, int kvHead, int share, void* projected, float* normalisers, void* gradient, void* result, float* shared) where TElement : IElement
    {
        using var scratch = new Scratch(5L * group.Columns * _depth + (3L * _scoreRows + 1) * _depth + 2L * _scoreRows * group.MostColumns);
        var (keys, value) = (scratch.TakeZeros(group.Columns, _depth), scratch.Take(1, _depth));
        var (keysSpread, valuesSpread) = (scratch.TakeZeros(_depth, group.Columns), scratch.TakeZeros(_depth, group.Columns));
        var (queries, gradients, ofQueries) = (scratch.TakeZeros(_scoreRows, _depth), scratch.TakeZeros(_scoreRows, _depth), scratch.Take(_scoreRows, _depth));
        var (scoreMemory, slopeMemory) = (scratch.Take(_scoreRows, group.MostColumns), scratch.Take(_scoreRows, group.MostColumns));
        var (ofKeys, ofValues) = group.Shares.Length > 1
            ? SharedSums(group, kvHead, share, shared)
            : (scratch.Take(group.Columns, _depth), scratch.Take(group.Columns, _depth));
        ofKeys.Clear(group.Columns, _depth);
        ofValues.Clear(group.Columns, _depth);
        foreach (var (row, column) in group.Keys)
        {
            _rotation.Load<TElement>(projected, KeyOf(row, kvHead), _positions[row], keys.From(column, 0).Start);
            Spread(keys.Span(column, _headDim), keysSpread, column);
            Load<TElement>(projected, ValueOf(row, kvHead), value.Span(0, _headDim));
            Spread(value.Span(0, _headDim), valuesSpread, column);
        }
        foreach (var piece in group.Shares[share])
        {
            LoadQueries<TElement>(piece, kvHead, projected, queries);
            var (scores, slopes, rows) = (scoreMemory with { Row = piece.Columns }, slopeMemory with { Row = piece.Columns }, piece.Rows.Length * _headsPerKv);
            for (var i = 0; i < rows; i++)
            {
                Load<TElement>(gradient, OutputOf(piece, kvHead, i) * _headDim, gradients.Span(i, _headDim));
            }
            foreach (var part in piece.Parts)
            {
                CpuProduct.Multiply(queries, keysSpread.From(0, part.Group), scores.From(0, part.Score), CpuProduct.Pad(rows), part.Count, _depth);
                CpuProduct.Multiply(gradients, valuesSpread.From(0, part.Group), slopes.From(0, part.Score), CpuProduct.Pad(rows), part.Count, _depth);
            }
            for (var i = 0; i < rows; i++)
            {
                ScoreRow.Probabilities(scores.Span(i, piece.Columns), piece, i / _headsPerKv, normalisers[OutputOf(piece, kvHead, i)]);
                ScoreRow.Slopes(scores.Span(i, piece.Columns), slopes.Span(i, piece.Columns));
            }
            foreach (var part in piece.Parts)
            {
                var (p, s, add) = (scores.From(0, part.Score), slopes.From(0, part.Score), part.Score > 0);
                CpuProduct.Multiply(p.Transposed, gradients, ofValues.From(part.Group, 0), part.Count, _depth, rows, add: true);
                CpuProduct.Multiply(s.Transposed, queries, ofKeys.From(part.Group, 0), part.Count, _depth, rows, add: true);
                CpuProduct.Multiply(s, keys.From(part.Group, 0), ofQueries, CpuProduct.Pad(rows), _depth, part.Count, add);
            }
            for (var i = 0; i < rows; i++)
            {
                var row = piece.Rows[i / _headsPerKv];
                _rotation.StoreGradient<TElement>(ofQueries.From(i, 0).Start, _positions[row], result, QueryOf(row, kvHead, i % _headsPerKv));
            }
        }
        if (group.Shares.Length == 1)
        {
            StoreKeys<TElement>(group, kvHead, ofKeys, ofValues, result);
        }
    }

    /// <summary>Sums what the shares gave, in their order, and writes it.</summary>
    private void StoreSharedSums<TElement>(AttentionGroup group, int kvHead, float* shared, void* result) where TElement : IElement
    {
        var (ofKeys, ofValues) = SharedSums(group, kvHead, 0, shared);
        for (var share = 1; share < group.Shares.Length; share++)
        {
            var more = SharedSums(group, kvHead, share, shared).OfKeys.Start;
            for (long i = 0; i < SumsOf(group); i += Lanes.Count)
            {
                (Lanes.Load(ofKeys.Start + i) + Lanes.Load(more + i)).Store(ofKeys.Start + i);
            }
        }
        StoreKeys<TElement>(group, kvHead, ofKeys, ofValues, result);
    }

    /// <summary>Where a share leaves the gradients of turned keys and of values, one after the other.</summary>
    private (Matrix OfKeys, Matrix OfValues) SharedSums(AttentionGroup group, int kvHead, int share, float* shared)
    {
        var ofKeys = new Matrix((nint)(shared + _sharedSums[group] + (kvHead * group.Shares.Length + share) * SumsOf(group)), _depth);
        return (ofKeys, ofKeys.From(group.Columns, 0));
    }

    /// <summary>Numbers in the gradients of a head's keys and values.</summary>
    private long SumsOf(AttentionGroup group) => 2L * group.Columns * _depth;

    private void StoreKeys<TElement>(AttentionGroup group, int kvHead, Matrix ofKeys, Matrix ofValues, void* result) where TElement : IElement
    {
        foreach (var (row, column) in group.Keys)
        {
            _rotation.StoreGradient<TElement>(ofKeys.From(column, 0).Start, _positions[row], result, KeyOf(row, kvHead));
            Store<TElement>(ofValues.Span(column, _headDim), 1, result, ValueOf(row, kvHead));
            if (_places[row] < 0)
            {
                ClearQueries<TElement>(row, kvHead, result);
            }
        }
    }

    private void LoadQueries<TElement>(QueryPiece piece, int kvHead, void* projected, Matrix queries) where TElement : IElement
    {
        for (var i = 0; i < piece.Rows.Length * _headsPerKv; i++)
        {
            var row = piece.Rows[i / _headsPerKv];
            _rotation.Load<TElement>(projected, QueryOf(row, kvHead, i % _headsPerKv), _positions[row], queries.From(i, 0).Start);
        }
    }

    /// <summary>A query whose output is not wanted has no gradient.</summary>
    private void ClearQueries<TElement>(int row, int kvHead, void* result) where TElement : IElement
    {
        for (var i = 0; i < _headsPerKv * _headDim; i++)
        {
            TElement.StoreOne(result, QueryOf(row, kvHead, 0) + i, 0);
        }
    }

    private static void Load<TElement>(void* elements, long first, Span<float> into) where TElement : IElement
    {
        fixed (float* to = into)
        {
            var i = 0;
            for (; i <= into.Length - Lanes.Count; i += Lanes.Count)
            {
                TElement.Load(elements, first + i).Store(to + i);
            }
            for (; i < into.Length; i++)
            {
                to[i] = TElement.LoadOne(elements, first + i);
            }
        }
    }

    private static void Store<TElement>(Span<float> values, float factor, void* elements, long first) where TElement : IElement
    {
        fixed (float* from = values)
        {
            var i = 0;
            for (; i <= values.Length - Lanes.Count; i += Lanes.Count)
            {
                TElement.Store(elements, first + i, Lanes.Load(from + i) * factor);
            }
            for (; i < values.Length; i++)
            {
                TElement.StoreOne(elements, first + i, from[i] * factor);
            }
        }
    }

    /// <summary>Writes a column.</summary>
    private static void Spread(Span<float> values, Matrix into, int column)
    {
        for (var i = 0; i < values.Length; i++)
        {
            into.Start[(long)i * into.Row + column] = values[i];
        }
    }

    private int ProjectedWidth => (_heads + 2 * _kvHeads) * _headDim;

    /// <summary>Which head of which output row a row of scores is, counted over all.</summary>
    private long OutputOf(QueryPiece piece, int kvHead, int i) =>
        (long)_places[piece.Rows[i / _headsPerKv]] * _heads + kvHead * _headsPerKv + i % _headsPerKv;

    private long QueryOf(int row, int kvHead, int i) => HeadOf(row, kvHead * _headsPerKv + i);

    private long KeyOf(int row, int kvHead) => HeadOf(row, _heads + kvHead);

    private long ValueOf(int row, int kvHead) => HeadOf(row, _heads + _kvHeads + kvHead);

    /// <summary>First element of a projected head.</summary>
    private long HeadOf(int row, int head) => (long)row * ProjectedWidth + (long)head * _headDim;
}

using IterativeDpo.Artifacts.Models;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch.Cpu;

/// <summary>
/// Attention without stored scores (FlashAttention, arXiv 2205.14135): a thread has the rows of a prompt and its branches and one key head,
/// turns and unpacks them once, and computes some queries at a time in its cache. What is kept is log Σ exp(score) of each row and head, and
/// the backward pass computes the scores again.
/// </summary>
internal sealed unsafe class CpuAttention : IAttention
{
    /// <summary>Rows of scores at once, those of query heads that share a key head side by side: with some hundred keys they stay in a core's cache.</summary>
    public const int ScoresAtOnce = 48;

    private readonly int _heads, _kvHeads, _headsPerKv, _headDim, _depth, _scoreRows;
    private readonly int[] _positions;
    private readonly int[] _places; // Where each row's output goes, or −1.
    private readonly int _rows;
    private readonly RotationTable _rotation;
    private readonly IReadOnlyList<AttentionGroup> _groups;

    /// <param name="rows">The rows whose output is wanted, in this order; null for all.</param>
    public CpuAttention(ModelConfig config, PackedBatch batch, IReadOnlyList<int>? rows)
    {
        (_heads, _kvHeads, _headsPerKv) = (config.Heads, config.KvHeads, config.Heads / config.KvHeads);
        (_headDim, _depth) = (config.HeadDim, Lanes.Pad(config.HeadDim));
        var queriesAtOnce = Math.Max(1, ScoresAtOnce / _headsPerKv);
        _scoreRows = CpuProduct.Pad(queriesAtOnce * _headsPerKv);
        _positions = batch.Positions;
        _places = rows is null ? [.. Enumerable.Range(0, _positions.Length)] : Enumerable.Repeat(-1, _positions.Length).ToArray();
        _rows = rows?.Count ?? _places.Length;
        for (var i = 0; i < rows?.Count; i++)
        {
            _places[rows[i]] = i;
        }
        _rotation = new(config, batch.Positions.DefaultIfEmpty(-1).Max() + 1);
        _groups = [.. AttentionGroup.AllOf(batch, _places, queriesAtOnce)];
    }

    public (Tensor Rows, IReadOnlyList<Tensor> Trace) Forward(Tensor projected) =>
        projected.dtype == ScalarType.BFloat16 ? Forward<BFloat16Element>(projected) : Forward<Float32Element>(projected);

    public Tensor Backward(IReadOnlyList<Tensor> trace, Tensor gradient) => gradient.dtype == ScalarType.BFloat16
        ? Backward<BFloat16Element>(trace[0], trace[1], gradient)
        : Backward<Float32Element>(trace[0], trace[1], gradient);

    private (Tensor Rows, IReadOnlyList<Tensor> Trace) Forward<TElement>(Tensor projected) where TElement : IElement
    {
        var result = empty([_rows, _heads * _headDim], projected.dtype, projected.device);
        var normalisers = empty([_rows, _heads], ScalarType.Float32, projected.device);
        var (from, to, sums) = (CpuMemory.Start(projected), CpuMemory.Start(result), CpuMemory.Start(normalisers));
        ForEachHead((group, head) => ForwardHead<TElement>(group, head, (void*)from, (void*)to, (float*)sums));
        return (result, [projected, normalisers]);
    }

    private Tensor Backward<TElement>(Tensor projected, Tensor normalisers, Tensor gradient) where TElement : IElement
    {
        var result = empty_like(projected);
        var (from, sums, slopes, to) = (CpuMemory.Start(projected), CpuMemory.Start(normalisers), CpuMemory.Start(gradient), CpuMemory.Start(result));
        ForEachHead((group, head) => BackwardHead<TElement>(group, head, (void*)from, (float*)sums, (void*)slopes, (void*)to));
        GC.KeepAlive((projected, normalisers, gradient));
        return result;
    }

    /// <summary>Heads of one group share nothing that is written, nor do groups.</summary>
    private void ForEachHead(Action<AttentionGroup, int> work) =>
        ThreadTeam.ForEach(_groups.Count * _kvHeads, i => work(_groups[i / _kvHeads], i % _kvHeads));

    private void ForwardHead<TElement>(AttentionGroup group, int kvHead, void* projected, void* result, float* normalisers) where TElement : IElement
    {
        using var scratch = new Scratch(2 * group.Columns * _depth + _scoreRows * (2 * _depth + group.Columns));
        var (keys, values) = (scratch.TakeZeros(_depth, group.Columns), scratch.TakeZeros(group.Columns, _depth));
        var (queries, attended, memory) = (scratch.TakeZeros(_scoreRows, _depth), scratch.Take(_scoreRows, _depth), scratch.Take(_scoreRows, group.Columns));
        foreach (var (row, column) in group.Keys)
        {
            _rotation.Load<TElement>(projected, KeyOf(row, kvHead), _positions[row], queries.Start);
            Spread(queries.Span(0, _headDim), keys, column);
            Load<TElement>(projected, ValueOf(row, kvHead), values.Span(column, _headDim));
        }
        var factors = stackalloc float[_scoreRows];
        foreach (var piece in group.Pieces)
        {
            LoadQueries<TElement>(piece, kvHead, projected, queries);
            var (scores, rows) = (memory with { Row = piece.Columns }, piece.Rows.Length * _headsPerKv);
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

    private void BackwardHead<TElement>(
        AttentionGroup group, int kvHead, void* projected, float* normalisers, void* gradient, void* result) where TElement : IElement
    {
        using var scratch = new Scratch(5 * group.Columns * _depth + _scoreRows * (3 * _depth + 2 * group.Columns));
        var (keys, ofKeys, ofValues) = (scratch.TakeZeros(group.Columns, _depth), scratch.TakeZeros(group.Columns, _depth), scratch.TakeZeros(group.Columns, _depth));
        var (keysSpread, valuesSpread) = (scratch.TakeZeros(_depth, group.Columns), scratch.TakeZeros(_depth, group.Columns));
        var (queries, gradients, ofQueries) = (scratch.TakeZeros(_scoreRows, _depth), scratch.TakeZeros(_scoreRows, _depth), scratch.Take(_scoreRows, _depth));
        var (memory, ofMemory) = (scratch.Take(_scoreRows, group.Columns), scratch.Take(_scoreRows, group.Columns));
        foreach (var (row, column) in group.Keys)
        {
            _rotation.Load<TElement>(projected, KeyOf(row, kvHead), _positions[row], keys.From(column, 0).Start);
            Spread(keys.Span(column, _headDim), keysSpread, column);
            Load<TElement>(projected, ValueOf(row, kvHead), queries.Span(0, _headDim));
            Spread(queries.Span(0, _headDim), valuesSpread, column);
        }
        foreach (var piece in group.Pieces)
        {
            LoadQueries<TElement>(piece, kvHead, projected, queries);
            var (scores, slopes, rows) = (memory with { Row = piece.Columns }, ofMemory with { Row = piece.Columns }, piece.Rows.Length * _headsPerKv);
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

    /// <summary>Which head of which output row a row of scores is, counted over all.</summary>
    private long OutputOf(QueryPiece piece, int kvHead, int i) =>
        (long)_places[piece.Rows[i / _headsPerKv]] * _heads + kvHead * _headsPerKv + i % _headsPerKv;

    private long QueryOf(int row, int kvHead, int i) => HeadOf(row, kvHead * _headsPerKv + i);

    private long KeyOf(int row, int kvHead) => HeadOf(row, _heads + kvHead);

    private long ValueOf(int row, int kvHead) => HeadOf(row, _heads + _kvHeads + kvHead);

    /// <summary>First element of a projected head.</summary>
    private long HeadOf(int row, int head) => ((long)row * (_heads + 2 * _kvHeads) + head) * _headDim;
}

using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Training.Torch.Cpu;

/// <summary>
/// Attention of one key head over a prompt and its branches, on one thread: its keys and values are turned and unpacked once, and the
/// scores of some queries computed at a time. Shares of a group's queries may run at once: each writes its own queries' rows, and its own
/// sums.
/// </summary>
internal sealed unsafe class KeyHeadAttention
{
    /// <summary>
    /// Rows of scores at once, those of query heads that share a key head side by side: with some hundred keys they stay in a core's cache.
    /// </summary>
    public const int ScoresAtOnce = 48;

    /// <summary>Rows fetched ahead: a head's rows lie far apart, where the processor does not look ahead by itself.</summary>
    private const int Ahead = 8;

    private readonly int _heads, _kvHeads, _headsPerKv, _headDim, _depth, _scoreRows;
    private readonly int[] _positions;
    private readonly int[] _places;
    private readonly RotationTable _rotation;

    /// <param name="positions">Of each row, [N].</param>
    /// <param name="places">Where each row's output goes, or −1 where it is not wanted, [N].</param>
    public KeyHeadAttention(ModelConfig config, RotationTable rotation, int[] positions, int[] places)
    {
        (_heads, _kvHeads, _headsPerKv) = (config.Heads, config.KvHeads, config.Heads / config.KvHeads);
        (_headDim, _depth) = (config.HeadDim, Lanes.Pad(config.HeadDim));
        (_rotation, _positions, _places) = (rotation, positions, places);
        QueriesAtOnce = Math.Max(1, ScoresAtOnce / _headsPerKv);
        _scoreRows = CpuProduct.Pad(QueriesAtOnce * _headsPerKv);
    }

    /// <summary>Most queries of a <see cref="QueryPiece"/>.</summary>
    public int QueriesAtOnce { get; }

    /// <summary>Elements of a projected row.</summary>
    public int ProjectedWidth => (_heads + 2 * _kvHeads) * _headDim;

    /// <summary>Numbers in the gradients of a group's keys and values.</summary>
    public long SumsOf(AttentionGroup group) => 2L * group.Columns * _depth;

    /// <param name="projected">Queries, keys and values of every row, see <see cref="ITokenMixer.Forward"/>.</param>
    /// <param name="sinks">See <see cref="IAttention"/>; null: there are none.</param>
    /// <param name="result">Gets the output of the share's queries.</param>
    /// <param name="normalisers">Gets log Σ exp(score) of each, the sink's among them, [rows, heads].</param>
    public void Forward<TElement>(
        AttentionGroup group, int kvHead, int share, void* projected, float* sinks, void* result, float* normalisers)
        where TElement : IElement
    {
        using var scratch = new Scratch(
            2L * group.Columns * _depth + (2L * _scoreRows + 1) * _depth + (long)_scoreRows * group.MostColumns);
        var (keys, values, key) = (
            scratch.TakeZeros(_depth, group.Columns),
            scratch.TakeZeros(group.Columns, _depth),
            scratch.Take(1, _depth));
        var (queries, attended) = (scratch.TakeZeros(_scoreRows, _depth), scratch.Take(_scoreRows, _depth));
        var scoreMemory = scratch.Take(_scoreRows, group.MostColumns);
        foreach (var (row, column) in group.Keys)
        {
            TElement.Prefetch(projected, KeyOf(row + Ahead, kvHead));
            TElement.Prefetch(projected, ValueOf(row + Ahead, kvHead));
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
                CpuProduct.Multiply(
                    queries,
                    keys.From(0, part.Group),
                    scores.From(0, part.Score),
                    CpuProduct.Pad(rows),
                    part.Count,
                    _depth);
            }
            for (var i = 0; i < rows; i++)
            {
                var (max, sum) = ScoreRow.Exponentials(scores.Span(i, piece.Columns), piece, i / _headsPerKv);
                var normaliser = max + MathF.Log(sum);
                factors[i] = 1 / sum;
                if (sinks is not null)
                {
                    normaliser = LogOfSum(normaliser, sinks[kvHead * _headsPerKv + i % _headsPerKv]);
                    factors[i] = MathF.Exp(max - normaliser);
                }
                normalisers[OutputOf(piece, kvHead, i)] = normaliser;
            }
            foreach (var part in piece.Parts)
            {
                var add = part.Score > 0;
                CpuProduct.Multiply(
                    scores.From(0, part.Score),
                    values.From(part.Group, 0),
                    attended,
                    CpuProduct.Pad(rows),
                    _depth,
                    part.Count,
                    add);
            }
            for (var i = 0; i < rows; i++)
            {
                Store<TElement>(attended.Span(i, _headDim), factors[i], result, OutputOf(piece, kvHead, i) * _headDim);
            }
        }
    }

    /// <param name="gradient">Of the output.</param>
    /// <param name="result">Gets the gradients of the share's queries, and of keys and values where <paramref name="sums"/> is
    /// null.</param>
    /// <param name="sums">Gets the share's part of the gradients of turned keys, and after them of values; null where there is one
    /// share.</param>
    public void Backward<TElement>(
        AttentionGroup group,
        int kvHead,
        int share,
        void* projected,
        float* normalisers,
        void* gradient,
        void* result,
        float* sums)
        where TElement : IElement
    {
        using var scratch = new Scratch(
            3L * group.Columns * _depth
                + (sums is null ? SumsOf(group) : 0)
                + (3L * _scoreRows + 1) * _depth
                + 2L * _scoreRows * group.MostColumns);
        var (keys, value) = (scratch.TakeZeros(group.Columns, _depth), scratch.Take(1, _depth));
        var (keysSpread, valuesSpread) = (scratch.TakeZeros(_depth, group.Columns), scratch.TakeZeros(_depth, group.Columns));
        var (queries, gradients, ofQueries) = (
            scratch.TakeZeros(_scoreRows, _depth),
            scratch.TakeZeros(_scoreRows, _depth),
            scratch.Take(_scoreRows, _depth));
        var (scoreMemory, slopeMemory) = (scratch.Take(_scoreRows, group.MostColumns), scratch.Take(_scoreRows, group.MostColumns));
        var ofKeys = sums is null ? scratch.Take(2 * group.Columns, _depth) : new Matrix((nint)sums, _depth);
        var ofValues = ofKeys.From(group.Columns, 0);
        ofKeys.Clear(2 * group.Columns, _depth);
        foreach (var (row, column) in group.Keys)
        {
            TElement.Prefetch(projected, KeyOf(row + Ahead, kvHead));
            TElement.Prefetch(projected, ValueOf(row + Ahead, kvHead));
            _rotation.Load<TElement>(projected, KeyOf(row, kvHead), _positions[row], keys.From(column, 0).Start);
            Spread(keys.Span(column, _headDim), keysSpread, column);
            Load<TElement>(projected, ValueOf(row, kvHead), value.Span(0, _headDim));
            Spread(value.Span(0, _headDim), valuesSpread, column);
        }
        foreach (var piece in group.Shares[share])
        {
            LoadQueries<TElement>(piece, kvHead, projected, queries);
            var (scores, slopes, rows) = (
                scoreMemory with
                {
                    Row = piece.Columns,
                },
                slopeMemory with
                {
                    Row = piece.Columns,
                },
                piece.Rows.Length * _headsPerKv);
            for (var i = 0; i < rows; i++)
            {
                Load<TElement>(gradient, OutputOf(piece, kvHead, i) * _headDim, gradients.Span(i, _headDim));
            }
            foreach (var part in piece.Parts)
            {
                CpuProduct.Multiply(
                    queries,
                    keysSpread.From(0, part.Group),
                    scores.From(0, part.Score),
                    CpuProduct.Pad(rows),
                    part.Count,
                    _depth);
                CpuProduct.Multiply(
                    gradients,
                    valuesSpread.From(0, part.Group),
                    slopes.From(0, part.Score),
                    CpuProduct.Pad(rows),
                    part.Count,
                    _depth);
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
                _rotation.StoreGradient<TElement>(
                    ofQueries.From(i, 0).Start,
                    _positions[row],
                    result,
                    QueryOf(row, kvHead, i % _headsPerKv));
            }
        }
        if (sums is null)
        {
            StoreKeys<TElement>(group, kvHead, ofKeys.Start, result);
        }
    }

    /// <summary>Writes the gradients of keys and values, and of queries that have none.</summary>
    /// <param name="sums">As <see cref="Backward"/> leaves them, of all shares together.</param>
    public void StoreKeys<TElement>(AttentionGroup group, int kvHead, float* sums, void* result) where TElement : IElement
    {
        var ofKeys = new Matrix((nint)sums, _depth);
        var ofValues = ofKeys.From(group.Columns, 0);
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
            TElement.Prefetch(projected, QueryOf(row + Ahead, kvHead, i % _headsPerKv));
            _rotation.Load<TElement>(projected, QueryOf(row, kvHead, i % _headsPerKv), _positions[row], queries.From(i, 0).Start);
        }
    }

    /// <summary>log(e^a + e^b).</summary>
    private static float LogOfSum(float a, float b) => MathF.Max(a, b) + MathF.Log(1 + MathF.Exp(-MathF.Abs(a - b)));

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
    private long HeadOf(int row, int head) => (long)row * ProjectedWidth + (long)head * _headDim;
}

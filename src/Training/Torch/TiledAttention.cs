using IterativeDpo.Artifacts.Models;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// What the backward pass needs of a tile, heads apart: B × kvHeads products. Query heads that share a key head are rows of one.
/// </summary>
/// <param name="Queries">[B × kvHeads, headsPerKv × Tq, headDim].</param>
/// <param name="KeysValues">[2, B × kvHeads, Tk, headDim].</param>
/// <param name="Probabilities">[B × kvHeads, headsPerKv × Tq, Tk].</param>
/// <param name="Attended">As the queries.</param>
internal sealed record TileTrace(Tensor Queries, Tensor KeysValues, Tensor Probabilities, Tensor Attended)
{
    public Tensor[] Tensors => [Queries, KeysValues, Probabilities, Attended];

    public static IEnumerable<TileTrace> AllOf(IEnumerable<Tensor> tensors) =>
        tensors.Chunk(4).Select(tile => new TileTrace(tile[0], tile[1], tile[2], tile[3]));
}

/// <summary>Attention by tiles, of LibTorch's operations: it runs on every device.</summary>
internal sealed class TiledAttention : IAttention
{
    private readonly AttentionPlan _plan;
    private readonly ScalarType _type;
    private readonly long _kvHeads, _headsPerKv, _headDim;
    private readonly float _cap;
    private readonly Tensor _rotation, _inverseRotation;

    /// <param name="rotation">From <see cref="Rotations.Of"/>.</param>
    /// <param name="rows">The rows whose output is wanted, in this order; null for all.</param>
    /// <param name="window">See <see cref="BlockAttention"/>.</param>
    public TiledAttention(
        ModelConfig config,
        (Tensor Forth, Tensor Back) rotation,
        PackedBatch batch,
        IReadOnlyList<int>? rows,
        int window,
        ScalarType type,
        Device device)
    {
        _cap = config.ScoreCap;
        (_type, _kvHeads, _headsPerKv, _headDim) = (type, config.KvHeads, config.Heads / config.KvHeads, config.HeadDim);
        (_rotation, _inverseRotation) = rotation;
        _plan = new(batch, rows, window, type, device);
    }

    public (Tensor Rows, IReadOnlyList<Tensor> Trace) Forward(Tensor projected)
    {
        var (rows, _, trace) = ForwardWith(projected, null);
        return (rows, trace);
    }

    public (Tensor Rows, Tensor Taken, IReadOnlyList<Tensor> Trace) Forward(Tensor projected, Tensor sinks)
    {
        var (rows, taken, trace) = ForwardWith(projected, sinks);
        return (rows, taken!, trace);
    }

    private (Tensor Rows, Tensor? Taken, IReadOnlyList<Tensor> Trace) ForwardWith(Tensor projected, Tensor? sinks)
    {
        using var scope = NewDisposeScope();
        var turned = projected.to(ScalarType.Float32, copy: true);
        Rotate(turned, _rotation);
        // All keys lie before all values.
        var (queries, keysValues) = (
            turned.narrow(1, 0, Width).to(_type).contiguous(),
            turned.narrow(1, Width, turned.size(1) - Width).to(_type).contiguous());
        var tiles = _plan.Tiles.Select(tile => ForwardTile(queries, keysValues, tile, sinks)).ToList();
        Tensor Joined(IEnumerable<Tensor> parts) => cat([.. parts.Zip(_plan.Tiles, JoinHeads)]).index_select(0, _plan.Slots);
        var rows = Joined(tiles.Select(tile => tile.Trace.Attended));
        var taken = sinks is null ? null : Joined(tiles.Select(tile => tile.Taken!)).to(ScalarType.Float32);
        Tensor[] kept = [.. tiles.SelectMany(tile => tile.Trace.Tensors)];
        scope.MoveToOuter(taken is null ? [rows, .. kept] : [rows, taken, .. kept]);
        return (rows, taken, kept);
    }

    public Tensor Backward(IReadOnlyList<Tensor> trace, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        var into = zeros([_rotation.size(0), Width + 2 * _kvHeads * _headDim], device: gradient.device);
        var (ofQueries, ofKeysValues) = (into.narrow(1, 0, Width), into.narrow(1, Width, into.size(1) - Width));
        // A row is one query, but a key of every tile that sees it.
        var queries = cat([
                .. TileTrace.AllOf(trace).Zip(_plan.Tiles, (tileTrace, tile) => BackwardTile(tileTrace, tile, gradient, ofKeysValues)),
            ])
            .index_select(0, _plan.Slots);
        if (_plan.Kept is null)
        {
            ofQueries.copy_(queries);
        }
        else
        {
            ofQueries.index_copy_(0, _plan.Kept, queries.to(into.dtype));
        }
        Rotate(into, _inverseRotation);
        return into.to(_type).MoveToOuterDisposeScope();
    }

    /// <summary>Of the queries of a row.</summary>
    private long Width => _kvHeads * _headsPerKv * _headDim;

    /// <summary>Turns each pair of elements of the query and key heads, as a complex number, in place.</summary>
    private void Rotate(Tensor projected, Tensor rotation) => projected.narrow(1, 0, Width + _kvHeads * _headDim)
        .view(projected.size(0), -1, _headDim / 2, 2).view_as_complex().mul_(rotation);

    /// <returns>Also what sinks take of the queries, heads apart as they are, [.., 1].</returns>
    private (TileTrace Trace, Tensor? Taken) ForwardTile(Tensor queries, Tensor keysValues, AttentionTile tile, Tensor? sinks)
    {
        using var scope = NewDisposeScope();
        var q = SplitHeads(queries.index_select(0, tile.Queries), tile);
        var kv = keysValues.index_select(0, tile.Keys).view(tile.Count, -1, 2, _kvHeads, _headDim)
            .permute(2, 0, 3, 1, 4).reshape(2, tile.Count * _kvHeads, -1, _headDim);
        var scores = Scores(q, kv);
        scores.view(tile.Count, _kvHeads * _headsPerKv, -1, scores.size(2)).add_(tile.Mask);
        // A sink is one score more to each row.
        var all = (sinks is null ? scores : cat([scores, Column(sinks, scores, tile)], 2)).softmax(2);
        var probabilities = sinks is null ? all : all.narrow(2, 0, scores.size(2)).contiguous();
        var taken = sinks is null ? null : all.narrow(2, scores.size(2), 1);
        var trace = new TileTrace(q, kv, probabilities, probabilities.bmm(kv.select(0, 1)));
        scope.MoveToOuter(taken is null ? trace.Tensors : [taken, .. trace.Tensors]);
        return (trace, taken);
    }

    /// <summary>Adds the gradient of keys and values; gives that of the tile's queries, [B × Tq, heads × headDim].</summary>
    private Tensor BackwardTile(TileTrace trace, AttentionTile tile, Tensor gradient, Tensor keysValues)
    {
        using var scope = NewDisposeScope();
        var g = SplitHeads(gradient.index_select(0, tile.Outputs).mul_(tile.Real), tile);
        // The softmax's slope is p · (dp − Σ p dp), and Σ p dp = g · attended: a sum over headDim, not over the keys.
        var scores = g.bmm(trace.KeysValues.select(0, 1).transpose(1, 2));
        scores.sub_((g * trace.Attended).sum(2, keepdim: true)).mul_(trace.Probabilities);
        if (_cap > 0)
        {
            // d (c tanh(s / c)) / ds = 1 − tanh².
            scores.mul_(1 - (Scores(trace.Queries, trace.KeysValues) / _cap).square());
        }
        var kv = stack([scores.transpose(1, 2).bmm(trace.Queries), trace.Probabilities.transpose(1, 2).bmm(g)])
            .view(2, tile.Count, _kvHeads, -1, _headDim).permute(1, 3, 0, 2, 4).reshape(-1, 2 * _kvHeads * _headDim);
        keysValues.index_add_(0, tile.Keys, kv.to(ScalarType.Float32), 1);
        return JoinHeads(scores.bmm(trace.KeysValues.select(0, 0)), tile).MoveToOuterDisposeScope();
    }

    /// <summary>The sink of each row of scores, [.., 1].</summary>
    private Tensor Column(Tensor sinks, Tensor scores, AttentionTile tile) => sinks.to(_type)
        .view(1, _kvHeads, _headsPerKv, 1)
        .expand(tile.Count, -1, -1, scores.size(1) / _headsPerKv)
        .reshape(scores.size(0), -1, 1);

    private Tensor Scores(Tensor queries, Tensor keysValues)
    {
        var scores = queries.bmm(keysValues.select(0, 0).transpose(1, 2));
        return _cap == 0 ? scores : scores.div_(_cap).tanh_().mul_(_cap);
    }

    private Tensor SplitHeads(Tensor rows, AttentionTile tile) => rows.view(tile.Count, -1, _kvHeads, _headsPerKv, _headDim)
        .permute(0, 2, 3, 1, 4).reshape(tile.Count * _kvHeads, -1, _headDim);

    private Tensor JoinHeads(Tensor heads, AttentionTile tile) => heads
        .view(tile.Count, _kvHeads, _headsPerKv, -1, heads.size(2))
        .permute(0, 3, 1, 2, 4).reshape(-1, _kvHeads * _headsPerKv * heads.size(2));
}

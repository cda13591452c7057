using IterativeDpo.Artifacts.Models;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>What the backward pass needs of a tile, heads apart: B × kvHeads products. Query heads that share a key head are rows of one.</summary>
/// <param name="Queries">[B × kvHeads, headsPerKv × Tq, headDim].</param>
/// <param name="KeysValues">[2, B × kvHeads, Tk, headDim].</param>
/// <param name="Probabilities">[B × kvHeads, headsPerKv × Tq, Tk].</param>
/// <param name="Attended">As the queries.</param>
internal sealed record TileTrace(Tensor Queries, Tensor KeysValues, Tensor Probabilities, Tensor Attended)
{
    public IEnumerable<Tensor> Tensors => [Queries, KeysValues, Probabilities, Attended];
}

/// <summary>softmax(q kᵀ) v by tiles, and its gradients. Scores are not scaled here: q and k come scaled.</summary>
internal sealed class TiledAttention(ModelConfig config)
{
    private readonly long _kvHeads = config.KvHeads;
    private readonly long _headsPerKv = config.Heads / config.KvHeads;
    private readonly long _headDim = config.HeadDim;

    /// <param name="queries">[N, heads × headDim].</param>
    /// <param name="keysValues">[N, 2 × kvHeads × headDim], all keys before all values.</param>
    /// <returns>The plan's rows, [rows, heads × headDim].</returns>
    public (Tensor Rows, IReadOnlyList<TileTrace> Tiles) Forward(Tensor queries, Tensor keysValues, AttentionPlan plan)
    {
        using var scope = NewDisposeScope();
        var tiles = plan.Tiles.Select(tile => ForwardTile(queries, keysValues, tile)).ToList();
        var rows = cat([.. tiles.Zip(plan.Tiles, (trace, tile) => JoinHeads(trace.Attended, tile))]).index_select(0, plan.Slots);
        scope.MoveToOuter([rows, .. tiles.SelectMany(tile => tile.Tensors)]);
        return (rows, tiles);
    }

    /// <summary>Writes the gradients of queries, keys and values side by side.</summary>
    /// <param name="gradient">d loss / d output, [rows, heads × headDim].</param>
    /// <param name="into">Zeros, float32 [N, (heads + 2 kvHeads) headDim].</param>
    public void Backward(IReadOnlyList<TileTrace> traces, AttentionPlan plan, Tensor gradient, Tensor into)
    {
        using var scope = NewDisposeScope();
        var width = gradient.size(1);
        var (ofQueries, ofKeysValues) = (into.narrow(1, 0, width), into.narrow(1, width, into.size(1) - width));
        // A row is one query, but a key of every tile that sees it.
        var queries = cat([.. traces.Zip(plan.Tiles, (trace, tile) => BackwardTile(trace, tile, gradient, ofKeysValues))]).index_select(0, plan.Slots);
        if (plan.Kept is null)
        {
            ofQueries.copy_(queries);
        }
        else
        {
            ofQueries.index_copy_(0, plan.Kept, queries.to(into.dtype));
        }
    }

    private TileTrace ForwardTile(Tensor queries, Tensor keysValues, AttentionTile tile)
    {
        using var scope = NewDisposeScope();
        var q = SplitHeads(queries.index_select(0, tile.Queries), tile);
        var kv = keysValues.index_select(0, tile.Keys).view(tile.Count, -1, 2, _kvHeads, _headDim)
            .permute(2, 0, 3, 1, 4).reshape(2, tile.Count * _kvHeads, -1, _headDim);
        var scores = q.bmm(kv.select(0, 0).transpose(1, 2));
        scores.view(tile.Count, _kvHeads * _headsPerKv, -1, scores.size(2)).add_(tile.Mask);
        var probabilities = scores.softmax(2);
        var trace = new TileTrace(q, kv, probabilities, probabilities.bmm(kv.select(0, 1)));
        scope.MoveToOuter(trace.Tensors);
        return trace;
    }

    /// <summary>Adds the gradient of keys and values; gives that of the tile's queries, [B × Tq, heads × headDim].</summary>
    private Tensor BackwardTile(TileTrace trace, AttentionTile tile, Tensor gradient, Tensor keysValues)
    {
        using var scope = NewDisposeScope();
        var g = SplitHeads(gradient.index_select(0, tile.Outputs).mul_(tile.Real), tile);
        // The softmax's slope is p · (dp − Σ p dp), and Σ p dp = g · attended: a sum over headDim, not over the keys.
        var scores = g.bmm(trace.KeysValues.select(0, 1).transpose(1, 2));
        scores.sub_((g * trace.Attended).sum(2, keepdim: true)).mul_(trace.Probabilities);
        var kv = stack([scores.transpose(1, 2).bmm(trace.Queries), trace.Probabilities.transpose(1, 2).bmm(g)])
            .view(2, tile.Count, _kvHeads, -1, _headDim).permute(1, 3, 0, 2, 4).reshape(-1, 2 * _kvHeads * _headDim);
        keysValues.index_add_(0, tile.Keys, kv.to(ScalarType.Float32), 1);
        return JoinHeads(scores.bmm(trace.KeysValues.select(0, 0)), tile).MoveToOuterDisposeScope();
    }

    private Tensor SplitHeads(Tensor rows, AttentionTile tile) => rows.view(tile.Count, -1, _kvHeads, _headsPerKv, _headDim)
        .permute(0, 2, 3, 1, 4).reshape(tile.Count * _kvHeads, -1, _headDim);

    private Tensor JoinHeads(Tensor heads, AttentionTile tile) => heads.view(tile.Count, _kvHeads, _headsPerKv, -1, _headDim)
        .permute(0, 3, 1, 2, 4).reshape(-1, _kvHeads * _headsPerKv * _headDim);
}

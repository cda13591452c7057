using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// B sequences computed as one rectangle: Tq query rows on Tk key rows each, padded to the longest. In a sequence of q
/// queries and k keys the query i sees the first k − q + i + 1 keys: all before it, and itself.
/// </summary>
/// <param name="Count">B.</param>
/// <param name="Queries">The batch row of each query, [B × Tq]; padding repeats a row.</param>
/// <param name="Keys">The batch row of each key, [B × Tk]; padding repeats a row.</param>
/// <param name="Outputs">Where each query's output goes, [B × Tq].</param>
/// <param name="Real">0 for padding queries and 1 for others, [B × Tq, 1].</param>
/// <param name="Mask">0 where a query sees a key and −∞ elsewhere, [B, 1, Tq, Tk].</param>
internal sealed record AttentionTile(int Count, Tensor Queries, Tensor Keys, Tensor Outputs, Tensor Real, Tensor Mask);

/// <summary>
/// How attention over a packed batch is computed: prompts on themselves, then branches on their prompt and themselves. No
/// branch's scores on another are computed, and long sequences are cut, so that hardly any on later rows are.
/// </summary>
internal sealed class AttentionPlan
{
    // Queries of a tile: fewer waste less above the diagonal, and more make larger products.
    private const int QueriesAtOnce = 256;

    // A row of scores fills whole vectors: the softmax of 96 scores takes 0.6 of the time of 94.
    private const int KeysAtOnce = 16;

    private readonly Dictionary<int, int> _places;
    private readonly int _window;
    private readonly ScalarType _type;
    private readonly Device _device;

    /// <param name="rows">The rows whose output is wanted, in this order, such as those that predict a token; null for all.</param>
    /// <param name="window">See <see cref="IterativeDpo.Artifacts.Models.BlockAttention"/>.</param>
    public AttentionPlan(PackedBatch batch, IReadOnlyList<int>? rows, int window, ScalarType type, Device device)
    {
        (_window, _type, _device) = (window, type, device);
        Kept = rows is null ? null : Floats.Indexes(rows, device);
        _places = (rows ?? [.. Enumerable.Range(0, batch.TokenIds.Length)])
            .Select((row, place) => (row, place))
            .ToDictionary(p => p.row, p => p.place);
        var runs = PackedRun.AllOf(batch).ToList();
        var cuts = Cut(runs.Where(run => run.IsPrompt)).Concat(Cut(runs.Where(run => !run.IsPrompt))).ToList();
        Tiles = [.. cuts.Select(CreateTile)];
        Slots = Floats.Indexes(SlotsOf(cuts), device);
    }

    /// <summary>The rows whose output is wanted; null where that is all.</summary>
    public Tensor? Kept { get; }

    public IReadOnlyList<AttentionTile> Tiles { get; }

    /// <summary>Where each row's output lies when the tiles' outputs are put end to end, [rows].</summary>
    public Tensor Slots { get; }

    /// <summary>Sequences of like size, one list to a tile.</summary>
    private IEnumerable<List<(int[] Queries, int[] Keys)>> Cut(IEnumerable<PackedRun> runs)
    {
        var rest = runs.ToList();
        for (var from = 0; rest.Count > 0; from += QueriesAtOnce)
        {
            var sequences = rest.Select(run => Sequence(run, from)).Where(s => s.Queries.Length > 0).ToList();
            if (sequences.Count > 0)
            {
                yield return sequences;
            }
            rest = [.. rest.Where(run => run.Length > from + QueriesAtOnce)];
        }
    }

    private AttentionTile CreateTile(List<(int[] Queries, int[] Keys)> sequences)
    {
        using var scope = NewDisposeScope();
        var queries = sequences.Max(s => s.Queries.Length);
        var keys = (sequences.Max(s => s.Keys.Length) + KeysAtOnce - 1) / KeysAtOnce * KeysAtOnce;
        var real = sequences.SelectMany(s => Padded([.. s.Queries.Select(_ => 1)], queries, 0));
        // The first key that the first query does not see.
        var ends = Floats.Indexes(sequences.Select(s => s.Keys.Length - s.Queries.Length + 1), _device).view(-1, 1, 1, 1);
        // A sequence's keys begin at position 0.
        var (position, end) = (arange(keys, device: _device), ends + arange(queries, device: _device).view(-1, 1));
        var hidden = _window == 0 ? position >= end : (position >= end).logical_or(position < end - _window);
        var tile = new AttentionTile(
            sequences.Count,
            Floats.Indexes(sequences.SelectMany(s => Padded(s.Queries, queries, s.Queries[0])), _device),
            Floats.Indexes(sequences.SelectMany(s => Padded(s.Keys, keys, s.Keys[0])), _device),
            Floats.Indexes(sequences.SelectMany(s => Padded([.. s.Queries.Select(row => _places[row])], queries, 0)), _device),
            Floats.Indexes(real, _device).to(_type).unsqueeze(1),
            zeros([sequences.Count, 1, queries, keys], _type, _device).masked_fill(hidden, float.NegativeInfinity));
        scope.MoveToOuter([tile.Queries, tile.Keys, tile.Outputs, tile.Real, tile.Mask]);
        return tile;
    }

    private int[] SlotsOf(IEnumerable<List<(int[] Queries, int[] Keys)>> cuts)
    {
        var slots = new int[_places.Count];
        var first = 0;
        foreach (var sequences in cuts)
        {
            var width = sequences.Max(s => s.Queries.Length);
            foreach (var (queries, _) in sequences)
            {
                for (var i = 0; i < queries.Length; i++)
                {
                    slots[_places[queries[i]]] = first + i;
                }
                first += width;
            }
        }
        return slots;
    }

    private static IEnumerable<int> Padded(int[] values, int width, int padding) =>
        values.Concat(Enumerable.Repeat(padding, width - values.Length));

    /// <summary>Some rows of a run as queries, and what they see as keys.</summary>
    private (int[] Queries, int[] Keys) Sequence(PackedRun run, int from)
    {
        var end = Math.Min(run.Start + from + QueriesAtOnce, run.End);
        return (
            [.. Rows(run.Start + from, end).Where(_places.ContainsKey)],
            [.. Rows(run.PromptStart, run.PromptEnd), .. Rows(run.Start, end)]);
    }

    private static IEnumerable<int> Rows(int start, int end) => Enumerable.Range(start, end - start);
}

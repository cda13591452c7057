using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>So many tokens of some sequences, side by side.</summary>
/// <param name="Rows">The batch row of each token, N where there is none, [sequences × tokens].</param>
/// <param name="Sequences">The first ones of those before, longest first.</param>
internal sealed record DeltaChunk(Tensor Rows, int Sequences, int Tokens);

/// <summary>Sequences that are computed together: all prompts, or all branches.</summary>
/// <param name="Chunks">In the order of their tokens; a chunk has no more sequences than the one before it.</param>
/// <param name="Order">Where each sequence of <paramref name="Chunks"/> is among those of the batch, [sequences].</param>
internal sealed record DeltaStage(IReadOnlyList<DeltaChunk> Chunks, Tensor Order);

/// <summary>
/// How a <see cref="GatedDeltaRule"/> goes over a packed batch: over prompts from an empty state, then over branches from the state that
/// their prompt ended in. Chunks have as many tokens for all sequences, so a state goes on from one to the next.
/// </summary>
internal sealed class DeltaPlan
{
    // More tokens at once are larger products, and more of them that are thrown away.
    public const int MostTokens = 64;

    public DeltaPlan(PackedBatch batch, Device device)
    {
        var runs = PackedRun.AllOf(batch).ToList();
        var (prompts, branches) = (runs.FindAll(run => run.IsPrompt), runs.FindAll(run => !run.IsPrompt));
        var rows = batch.TokenIds.Length;
        var slots = new int[rows];
        var filled = 0;
        var place = prompts.Select((run, i) => (run.Start, i)).ToDictionary(p => p.Start, p => p.i);
        Prompts = StageOf(prompts, rows, slots, ref filled, device);
        Branches = branches.Count == 0 ? null : StageOf(branches, rows, slots, ref filled, device);
        PromptOf = Floats.Indexes(branches.Select(run => place[run.PromptStart]), device);
        Slots = Floats.Indexes(slots, device);
    }

    public DeltaStage Prompts { get; }

    /// <summary>Null where no prompt has one.</summary>
    public DeltaStage? Branches { get; }

    /// <summary>Which prompt each branch goes on from, [branches].</summary>
    public Tensor PromptOf { get; }

    /// <summary>Where each row's output lies when those of all chunks are put end to end, [N].</summary>
    public Tensor Slots { get; }

    private static DeltaStage StageOf(List<PackedRun> runs, int rows, int[] slots, ref int filled, Device device)
    {
        int[] order = [.. Enumerable.Range(0, runs.Count).OrderByDescending(i => runs[i].Length)];
        var tokens = Math.Min(MostTokens, Math.Max(1, runs[order[0]].Length));
        var chunks = new List<DeltaChunk>();
        for (var from = 0; from == 0 || from < runs[order[0]].Length; from += tokens)
        {
            var sequences = from == 0 ? order.Length : order.TakeWhile(i => runs[i].Length > from).Count();
            var ofChunk = new int[sequences * tokens];
            Array.Fill(ofChunk, rows);
            for (var s = 0; s < sequences; s++)
            {
                var run = runs[order[s]];
                for (var t = from; t < Math.Min(run.Length, from + tokens); t++)
                {
                    var at = s * tokens + t - from;
                    ofChunk[at] = run.Start + t;
                    slots[run.Start + t] = filled + at;
                }
            }
            filled += ofChunk.Length;
            chunks.Add(new(Floats.Indexes(ofChunk, device), sequences, tokens));
        }
        return new(chunks, Floats.Indexes(order, device));
    }
}

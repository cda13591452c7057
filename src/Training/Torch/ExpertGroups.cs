using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// The n × k choices of n rows in the order of their experts, and within an expert in the order of the rows: each expert's rows are a run,
/// and the order does not depend on how anything is computed. A run is filled up (<see cref="RowCounts"/>) with rows that count for nothing.
/// </summary>
/// <param name="Counts">Rows of each expert with those that fill up, [E]; m together.</param>
/// <param name="Rows">The row of each place, [m].</param>
/// <param name="Places">Where the choices of each row are in this order, [n × k].</param>
/// <param name="Choices">Of each place the choice among those by rows, [m].</param>
/// <param name="Counted">1 where a place is a choice's, 0 where it fills up, float32 [m].</param>
internal sealed record ExpertGroups(int[] Counts, Tensor Rows, Tensor Places, Tensor Choices, Tensor Counted)
{
    public IEnumerable<Tensor> Tensors => [Rows, Places, Choices, Counted];

    /// <param name="chosen">Each row's experts, [n, k], no two alike.</param>
    public static ExpertGroups Of(Tensor chosen, int experts)
    {
        using var scope = NewDisposeScope();
        var (of, used) = (chosen.cpu().contiguous().data<long>().ToArray(), (int)chosen.size(1));
        var counts = new int[experts];
        foreach (var expert in of)
        {
            counts[expert]++;
        }
        counts = Array.ConvertAll(counts, RowCounts.FillUp);
        var next = new int[experts];
        for (var expert = 1; expert < experts; expert++)
        {
            next[expert] = next[expert - 1] + counts[expert - 1];
        }
        var all = counts.Sum();
        var (rows, places, choices, counted) = (new long[all], new long[of.Length], new long[all], new float[all]);
        for (var choice = 0; choice < of.Length; choice++)
        {
            var place = next[of[choice]]++;
            (rows[place], places[choice], choices[place], counted[place]) = (choice / used, place, choice, 1);
        }
        Tensor Move(long[] values) => tensor(values).to(chosen.device).MoveToOuterDisposeScope();
        return new(
            counts, Move(rows), Move(places), Move(choices), tensor(counted).to(chosen.device).MoveToOuterDisposeScope());
    }
}

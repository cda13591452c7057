using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// The n × k choices of n rows in the order of their experts, and within an expert in the order of the rows: each expert's rows are a run,
/// and the order does not depend on how anything is computed.
/// </summary>
/// <param name="Counts">Rows of each expert, [E].</param>
/// <param name="Rows">The row of each choice, [n × k].</param>
/// <param name="Places">Where the choices of each row are in this order, [n × k].</param>
/// <param name="Choices">The place among the choices by rows, [n × k]: the other way round.</param>
internal sealed record ExpertGroups(int[] Counts, Tensor Rows, Tensor Places, Tensor Choices)
{
    public IEnumerable<Tensor> Tensors => [Rows, Places, Choices];

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
        var next = new int[experts];
        for (var expert = 1; expert < experts; expert++)
        {
            next[expert] = next[expert - 1] + counts[expert - 1];
        }
        var (rows, places, choices) = (new long[of.Length], new long[of.Length], new long[of.Length]);
        for (var choice = 0; choice < of.Length; choice++)
        {
            var place = next[of[choice]]++;
            (rows[place], places[choice], choices[place]) = (choice / used, place, choice);
        }
        Tensor Move(long[] values) => tensor(values).to(chosen.device).MoveToOuterDisposeScope();
        return new(counts, Move(rows), Move(places), Move(choices));
    }
}

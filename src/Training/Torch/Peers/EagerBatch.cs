using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch.Peers;

/// <summary>
/// Pairs as TRL lays them out: a row for every completion behind its own copy of the prompt, all padded to one length, chosen rows first.
/// </summary>
/// <param name="Ids">int64 [2P, T].</param>
/// <param name="Attention">1 where a token is, 0 where padding is, float32 [2P, T].</param>
/// <param name="Completion">1 where a completion's token is, float32 [2P, T].</param>
internal sealed record EagerBatch(Tensor Ids, Tensor Attention, Tensor Completion)
{
    public static EagerBatch Create(IReadOnlyList<PreferencePair> pairs)
    {
        (int[] Prompt, int[] Completion)[] rows =
        [
            .. pairs.Select(pair => (pair.PromptIds, pair.ChosenIds)),
            .. pairs.Select(pair => (pair.PromptIds, pair.RejectedIds)),
        ];
        var length = rows.Max(row => row.Prompt.Length + row.Completion.Length);
        float[] Marks(Func<(int[] Prompt, int[] Completion), int> from) =>
            [
                .. rows.SelectMany(row =>
                    Enumerable.Range(0, length).Select(i => i >= from(row) && i < row.Prompt.Length + row.Completion.Length ? 1f : 0)),
            ];
        var ids = rows.SelectMany(row =>
            row.Prompt.Concat(row.Completion).Concat(new int[length - row.Prompt.Length - row.Completion.Length]));
        return new(
            tensor(ids.Select(id => (long)id).ToArray()).view(rows.Length, length),
            tensor(Marks(_ => 0)).view(rows.Length, length),
            tensor(Marks(row => row.Prompt.Length)).view(rows.Length, length));
    }
}

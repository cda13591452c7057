using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>Sums figures of a batch's completion tokens by the completions of its examples: [M] to [2, P], first and second.</summary>
internal sealed class ExampleRows
{
    private readonly Tensor _tokens;
    private readonly Tensor _rows;
    private readonly Tensor? _weights;
    private readonly int _examples;

    /// <param name="ldAlpha">Weight in <see cref="Weighted"/> of a token past the length of its example's shorter completion; 1 is
    /// off.</param>
    public ExampleRows(PackedExamples packed, float ldAlpha, Device device)
    {
        _examples = packed.First.Length;
        var lengths = packed.Batch.BranchTokens;
        var starts = StartsOf(lengths);
        var tokens = new List<int>();
        var rows = new List<int>();
        var weights = new List<float>();
        foreach (var (branch, row) in packed.First.Concat(packed.Second).Select((branch, row) => (branch, row)))
        {
            var example = row % _examples;
            var shared = Math.Min(lengths[packed.First[example]], lengths[packed.Second[example]]);
            for (var t = 0; t < lengths[branch]; t++)
            {
                tokens.Add(starts[branch] + t);
                rows.Add(row);
                weights.Add(t < shared ? 1 : ldAlpha);
            }
        }
        _tokens = Floats.Indexes(tokens, device);
        _rows = Floats.Indexes(rows, device);
        _weights = ldAlpha == 1 ? null : tensor(weights.ToArray()).to(device);
        Lengths = tensor(packed.First.Concat(packed.Second).Select(branch => (float)lengths[branch]).ToArray())
            .view(2, _examples)
            .to(device);
    }

    /// <summary>Tokens of each completion, float32 [2, P].</summary>
    public Tensor Lengths { get; }

    /// <summary>Plain sums.</summary>
    public Tensor Sum(Tensor values) => Add(values.index_select(0, _tokens));

    /// <summary>Sums with LD-DPO's weights.</summary>
    public Tensor Weighted(Tensor values)
    {
        var picked = values.index_select(0, _tokens);
        return Add(_weights is null ? picked : picked * _weights);
    }

    private Tensor Add(Tensor picked) => zeros(2 * _examples, device: picked.device).index_add_(0, _rows, picked, 1).view(2, _examples);

    private static int[] StartsOf(int[] lengths)
    {
        var starts = new int[lengths.Length];
        for (var i = 1; i < lengths.Length; i++)
        {
            starts[i] = starts[i - 1] + lengths[i - 1];
        }
        return starts;
    }
}

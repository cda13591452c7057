namespace IterativeDpo.Artifacts.Models;

/// <summary>
/// Blocks that have a gated delta rule (arXiv 2412.06464) in place of attention (Qwen3.5). Of every token x = attn_qkv · h is convolved by
/// channel over the tokens before it, and goes through SiLU; its parts are q, k and v by heads, q and k of length 1. With
/// β = σ(ssm_beta · h) and g = exp(ssm_a · softplus(ssm_alpha · h + ssm_dt)) by value head, a head's state [headDim, headDim] is
/// S ← g S + k ⊗ β (v − g Sᵀ k), its output o = Sᵀ q / √headDim, and the block gives ssm_out · (norm(o) · SiLU(attn_gate · h)). The value
/// head i has the query and key of the head i mod <paramref name="KeyHeads"/>.
/// </summary>
/// <param name="Taps">Tokens that a token's convolution sees, itself the last.</param>
/// <param name="HeadDim">Of queries, keys and values.</param>
/// <param name="KeyHeads">Of queries and keys; divides <paramref name="ValueHeads"/>.</param>
/// <param name="Every">The last of so many blocks attends.</param>
public sealed record GatedDeltaNet(int Taps, int HeadDim, int KeyHeads, int ValueHeads, int Every)
{
    public const string Input = "attn_qkv", Gate = "attn_gate", Beta = "ssm_beta", Alpha = "ssm_alpha", Output = "ssm_out",
        Kernel = "ssm_conv1d", Step = "ssm_dt.bias", Decay = "ssm_a", Norm = "ssm_norm";

    /// <summary>The maps of such a block in place of attention's.</summary>
    public static readonly IReadOnlyList<string> Maps = [Input, Gate, Beta, Alpha, Output];

    public int KeyDim => KeyHeads * HeadDim;

    public int ValueDim => ValueHeads * HeadDim;

    /// <summary>Channels that are convolved: q, k and v.</summary>
    public int Channels => 2 * KeyDim + ValueDim;

    public bool IsAt(int layer) => layer % Every < Every - 1;

    /// <summary>Shape [out, in] of one of <see cref="Maps"/>.</summary>
    public int[] ShapeOf(string map, int dim) => map switch
    {
        Input => [Channels, dim],
        Gate => [ValueDim, dim],
        Output => [dim, ValueDim],
        _ => [ValueHeads, dim],
    };

    /// <summary>
    /// Value heads in the order of Hugging Face's models, where those of one key head are neighbours, from the GGUF's, where they are
    /// <see cref="KeyHeads"/> apart; or back.
    /// </summary>
    /// <param name="map">One of <see cref="Maps"/>.</param>
    /// <param name="values">For each of its outputs a row of some width; of <see cref="Output"/> rows whose columns are its inputs.</param>
    /// <param name="width">Of an output's row.</param>
    public float[] Reorder(string map, float[] values, int width, bool toNeighbours)
    {
        if (KeyHeads == ValueHeads || !Maps.Contains(map)) return values;
        var result = values.ToArray();
        var (before, unit) = map switch
        {
            Input => (2 * KeyDim * width, HeadDim * width),
            Gate => (0, HeadDim * width),
            Output => (0, HeadDim),
            _ => (0, width),
        };
        var (shared, all) = (ValueHeads / KeyHeads, ValueHeads * unit);
        for (var start = before; start + all <= values.Length; start += all)
        {
            for (var head = 0; head < ValueHeads; head++)
            {
                var (neighbour, apart) = (start + head * unit, start + (head % shared * KeyHeads + head / shared) * unit);
                var (from, to) = toNeighbours ? (apart, neighbour) : (neighbour, apart);
                values.AsSpan(from, unit).CopyTo(result.AsSpan(to));
            }
        }
        return result;
    }
}

/// <summary>The keys of models with a <see cref="GatedDeltaNet"/>.</summary>
internal static class DeltaNetKeys
{
    public const string Taps = "ssm.conv_kernel", HeadDim = "ssm.state_size", KeyHeads = "ssm.group_count",
        ValueHeads = "ssm.time_step_rank", ValueDim = "ssm.inner_size", Every = "full_attention_interval",
        Sections = "rope.dimension_sections", Further = "nextn_predict_layers";

    public static readonly string[] All = [Taps, HeadDim, KeyHeads, ValueHeads, ValueDim, Every, Sections, Further];

    /// <summary>
    /// How many of the pairs of a head go by each of an image's positions, in turns; a text has the same in all but the last.
    /// </summary>
    public static uint[] SectionsOf(int pairs) => [(uint)(pairs + 2) / 3, (uint)(pairs + 1) / 3, (uint)pairs / 3, 0];

    /// <summary>Whether every pair goes by a position that a text has.</summary>
    public static bool CoverText(int[] sections, int pairs)
    {
        var all = sections.Sum();
        return sections.All(section => section >= 0)
            && all > 0
            && Enumerable.Range(0, pairs).Select(pair => pair % all).All(pair => pair < 3 * sections[pair % 3]);
    }
}

using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// The state of each sequence and head, S ← g S + k ⊗ β (v − g Sᵀ k), and what is read of it, o = Sᵀ q / √headDim, some tokens at a time by
/// products (arXiv 2412.06464, section 3.3). In a chunk, with Γ the product of its g so far, u = T β v and w = T β Γ k for
/// T = (I + tril(β (k kᵀ) Γ_i/Γ_j, −1))⁻¹: what is written is v' = u − w S, o = Γ q S + tril((q kᵀ) Γ_i/Γ_j) v', and S goes on as
/// Γ_end S + Σ (Γ_end/Γ_j) k_j ⊗ v'_j.
/// </summary>
internal static class GatedDeltaRule
{
    /// <param name="q">Of every row, and of the row N, that is none; float32 [N + 1, heads, headDim], as are k and v.</param>
    /// <param name="decay">log g, float32 [N + 1, heads]; 0 in the row that is none.</param>
    /// <param name="beta">β, float32 [N + 1, heads]; 0 in the row that is none.</param>
    /// <returns>o, [N, heads, headDim].</returns>
    public static Tensor Compute(DeltaPlan plan, Tensor q, Tensor k, Tensor v, Tensor decay, Tensor beta)
    {
        var (heads, dim) = (q.size(1), q.size(2));
        var scaled = q * (1 / Math.Sqrt(dim));
        var outputs = new List<Tensor>();
        Tensor Run(DeltaStage stage, Tensor state)
        {
            var ended = new List<Tensor>();
            foreach (var chunk in stage.Chunks)
            {
                if (chunk.Sequences < state.size(0))
                {
                    ended.Insert(0, state.narrow(0, chunk.Sequences, state.size(0) - chunk.Sequences));
                    state = state.narrow(0, 0, chunk.Sequences);
                }
                (var output, state) = Chunk(chunk, scaled, k, v, decay, beta, state);
                outputs.Add(output);
            }
            return cat([state, .. ended]);
        }
        var empty = zeros([plan.Prompts.Order.size(0), heads, dim, dim], device: q.device);
        var ends = Run(plan.Prompts, empty);
        if (plan.Branches is { } branches)
        {
            // From the order of the stage to that of the batch, and from prompts to their branches.
            var ofPrompts = ends.index_select(0, plan.Prompts.Order.argsort());
            Run(branches, ofPrompts.index_select(0, plan.PromptOf.index_select(0, branches.Order)));
        }
        return cat([.. outputs]).index_select(0, plan.Slots);
    }

    /// <returns>o of the chunk's tokens, [sequences × tokens, heads, headDim], and the states after them.</returns>
    private static (Tensor Output, Tensor State) Chunk(
        DeltaChunk chunk, Tensor allQ, Tensor allK, Tensor allV, Tensor allDecay, Tensor allBeta, Tensor state)
    {
        // [sequences, heads, tokens, …]
        Tensor Of(Tensor all)
        {
            var rows = all.index_select(0, chunk.Rows);
            return rows.view([chunk.Sequences, chunk.Tokens, .. rows.shape[1..]]).transpose(1, 2);
        }
        var (q, k, v) = (Of(allQ), Of(allK), Of(allV));
        var (total, beta) = (Of(allDecay).cumsum(2), Of(allBeta).unsqueeze(3)); // log Γ
        var later = ones([chunk.Tokens, chunk.Tokens], ScalarType.Bool, q.device).triu(1);
        var decays = (total.unsqueeze(3) - total.unsqueeze(2)).masked_fill(later, float.NegativeInfinity).exp(); // Γ_i / Γ_j
        var grown = total.exp().unsqueeze(3);
        var keys = k.matmul(k.transpose(2, 3)) * decays * beta;
        // Its diagonal is taken for ones.
        var solved = linalg.solve_triangular(keys, cat([v * beta, k * (beta * grown)], 3), upper: false, left: true, unitriangular: true);
        var dim = q.size(3);
        var written = solved.narrow(3, 0, dim) - solved.narrow(3, dim, dim).matmul(state);
        var output = (q * grown).matmul(state) + (q.matmul(k.transpose(2, 3)) * decays).matmul(written);
        var end = total.narrow(2, chunk.Tokens - 1, 1);
        var next = state * end.exp().unsqueeze(3) + (k * (end - total).exp().unsqueeze(3)).transpose(2, 3).matmul(written);
        return (output.transpose(1, 2).flatten(0, 1), next);
    }
}

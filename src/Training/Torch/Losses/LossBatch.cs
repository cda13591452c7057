using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch.Losses;

/// <summary>One completion of each of P examples; float32 [P] each.</summary>
/// <param name="LogProbs">Σ log p of its tokens under the policy, weighted by LD-DPO where that is on: W or L.</param>
/// <param name="ReferenceLogProbs">The same under the reference, W_ref or L_ref; zero where there is none.</param>
/// <param name="TokenSums">Σ log p of its tokens under the policy, all weighing the same.</param>
/// <param name="Tokens">How many they are, n.</param>
/// <param name="Confidence">WPO: mean over its tokens of log p − log Σ_v p_v², detached; null where that is off.</param>
public sealed record LossSide(Tensor LogProbs, Tensor ReferenceLogProbs, Tensor TokenSums, Tensor Tokens, Tensor? Confidence = null)
{
    /// <summary>r: log π/ref of the completion.</summary>
    public Tensor Ratio => LogProbs - ReferenceLogProbs;

    /// <summary>n, or 1 where the completion is empty: its sums are 0 as it is.</summary>
    public Tensor Divisor => Tokens.clamp(1);

    /// <summary>W̄ or L̄: the mean log-prob of a token.</summary>
    public Tensor Mean => LogProbs / Divisor;
}

/// <summary>
/// What a loss is a function of. Paired losses read <see cref="Chosen"/> and <see cref="Rejected"/>, unpaired ones
/// <see cref="Completion"/> and <see cref="Mismatched"/>.
/// </summary>
/// <param name="Labels">The probability that chosen beats rejected, or 1 desirable and 0 undesirable; float32 [P].</param>
/// <param name="StepExamples">Examples of the whole optimiser step, of which this may be a part.</param>
/// <param name="StepFirstTokens">Tokens of the step's first completions.</param>
/// <param name="RewardShift">δ of BCO: the running mean of rewards, 0 where that is off.</param>
public sealed record LossBatch(
    LossSide First, LossSide Second, Tensor Labels, int StepExamples, long StepFirstTokens, float RewardShift = 0)
{
    public LossSide Chosen => First;

    public LossSide Rejected => Second;

    public LossSide Completion => First;

    public LossSide Mismatched => Second;

    /// <summary>Each example's part of the first completions' token-mean cross-entropy, whose mean over the step that is; [P].</summary>
    public Tensor NegativeLogLikelihood => First.TokenSums * (-(float)StepExamples / Math.Max(1, StepFirstTokens));
}

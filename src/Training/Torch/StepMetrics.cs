using IterativeDpo.Training.Torch.Losses;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>One step's figures by TRL's names.</summary>
internal static class StepMetrics
{
    public static SortedDictionary<string, double> Of(double loss, RowFigures figures, LossBatch batch, Objective objective)
    {
        using var gradients = no_grad();
        using var scope = NewDisposeScope();
        var (chosen, rejected) = Masks(batch, objective.Unpaired);
        var rewards = stack([objective.Reward(batch.First), objective.Reward(batch.Second)]);
        double Mean(Tensor values, Tensor mask) => (values * mask).sum().item<float>() / Math.Max(1, mask.sum().item<float>());
        double TokenMean(Tensor sums, Tensor mask) =>
            (sums * mask).sum().item<float>() / Math.Max(1, (figures.Tokens * mask).sum().item<float>());
        var both = chosen + rejected;
        var metrics = new SortedDictionary<string, double>(StringComparer.Ordinal)
        {
            ["loss"] = loss,
            ["rewards/chosen"] = Mean(rewards, chosen),
            ["rewards/rejected"] = Mean(rewards, rejected),
            ["rewards/margins"] = Mean(rewards, chosen) - Mean(rewards, rejected),
            ["logps/chosen"] = Mean(figures.LogProbs, chosen),
            ["logps/rejected"] = Mean(figures.LogProbs, rejected),
            ["logits/chosen"] = TokenMean(figures.Logits, chosen),
            ["logits/rejected"] = TokenMean(figures.Logits, rejected),
            ["nll_loss"] = -TokenMean(figures.TokenSums, chosen),
            // TRL takes the entropy over all completion tokens and the accuracy over the chosen ones.
            ["entropy"] = TokenMean(figures.Entropies, both),
            ["mean_token_accuracy"] = TokenMean(figures.Hits, chosen),
        };
        if (objective.UsesReference)
        {
            // The usual estimate of the divergence from the reference: the mean log-ratio of completions, nats.
            metrics["kl"] = Mean(stack([batch.First.Ratio, batch.Second.Ratio]), both);
        }
        if (!objective.Unpaired)
        {
            // A tie is not a win.
            metrics["rewards/accuracies"] = (rewards.select(0, 0) > rewards.select(0, 1)).to(ScalarType.Float32).mean().item<float>();
        }
        foreach (var (name, value) in objective.Metrics(batch))
        {
            metrics[name] = value;
        }
        return metrics;
    }

    /// <summary>1 where a completion counts as chosen and as rejected, [2, P] each.</summary>
    private static (Tensor Chosen, Tensor Rejected) Masks(LossBatch batch, bool unpaired)
    {
        var (one, none) = (ones_like(batch.Labels), zeros_like(batch.Labels));
        return unpaired
            ? (stack([batch.Labels, none]), stack([1 - batch.Labels, none]))
            : (stack([one, none]), stack([none, one]));
    }
}

using IterativeDpo.Training.Torch;

namespace IterativeDpo.Training.Tests.Torch.Golden;

/// <summary>Every entry of the golden file.</summary>
public class GoldenTests
{
    [Fact]
    public void Head_golden_logits_give_the_golden_log_probs()
    {
        using var run = new GoldenRun();

        GoldenAssert.Figure(run.Root, "policy_logps", Floats.Of(run.LogProbs("policy_logits")));
        GoldenAssert.Figure(run.Root, "ref_logps", Floats.Of(run.LogProbs("ref_logits")));
    }

    [Fact]
    public void Dpo_every_configuration_gives_the_golden_loss_gradient_and_metrics()
    {
        using var run = new GoldenRun();
        foreach (var entry in run.Root.GetProperty("dpo").EnumerateArray())
        {
            var result = run.OfPairs(GoldenConfiguration.OfDpo(entry.GetProperty("config")));

            GoldenAssert.Figure(entry, "loss", result.Loss);
            GoldenAssert.Gradient(entry, result.Gradient);
            // Token counts are of the file's prompts, which the log-probs do not have.
            foreach (var metric in entry.GetProperty("metrics").EnumerateObject().Where(m => m.Name != "num_tokens"))
            {
                GoldenAssert.Relative([metric.Value.GetSingle()], [(float)result.Metrics[metric.Name]], $"{entry.GetProperty("config")}: {metric.Name}");
            }
        }
    }

    [Fact]
    public void Other_every_entry_gives_the_golden_losses_rewards_and_gradient()
    {
        using var run = new GoldenRun();
        foreach (var entry in run.Root.GetProperty("other").EnumerateArray())
        {
            var result = run.OfPairs(GoldenConfiguration.OfOther(entry));
            var orpo = result.Objective.Options.Losses[0].Name == "orpo";

            GoldenAssert.Figure(entry, "loss", result.Loss);
            // The file has ORPO's odds term alone, with its sign turned.
            var likelihood = orpo ? Floats.Of(result.Batch.NegativeLogLikelihood) : new float[run.Pairs];
            GoldenAssert.Figure(entry, "per_pair", [.. result.PerPair().Zip(likelihood, (loss, nll) => orpo ? nll - loss : loss)]);
            GoldenAssert.Figure(entry, "chosen_rewards", Floats.Of(result.Objective.Reward(result.Batch.Chosen)));
            GoldenAssert.Figure(entry, "rejected_rewards", Floats.Of(result.Objective.Reward(result.Batch.Rejected)));
            GoldenAssert.Gradient(entry, result.Gradient);
            foreach (var name in new[] { "log_odds_chosen", "log_odds_ratio" }.Where(_ => orpo))
            {
                GoldenAssert.Figure(entry, name, (float)result.Metrics[name]);
            }
        }
    }

    [Fact]
    public void Kto_every_entry_gives_the_golden_loss_divergence_and_gradient()
    {
        using var run = new GoldenRun();
        foreach (var entry in run.Root.GetProperty("kto").EnumerateArray())
        {
            var result = run.OfRows(GoldenConfiguration.OfKto(entry));

            GoldenAssert.Figure(entry, "loss", result.Loss);
            GoldenAssert.Gradient(entry, result.Gradient);
            // Of the two, only KTO estimates it; TRL then logs a 0.
            GoldenAssert.Figure(entry, "kl", result.Objective.Options.Losses[0].Name == "kto" ? (float)result.Metrics["kl"] : 0);
        }
    }
}

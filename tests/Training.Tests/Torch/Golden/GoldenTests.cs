using System.Text.Json;
using IterativeDpo.Training.Torch;
using IterativeDpo.Training.Torch.Losses;

namespace IterativeDpo.Training.Tests.Torch.Golden;

/// <summary>Every entry of the golden file, and of a generated one with other shapes.</summary>
public class GoldenTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Head_golden_logits_give_the_golden_log_probs(bool generated)
    {
        using var run = new GoldenRun(generated);
        GoldenConfiguration.RefuseOtherLists(run.Root);

        GoldenAssert.Figure(run.Root, "policy_logps", Floats.Of(run.LogProbs("policy_logits")));
        GoldenAssert.Figure(run.Root, "ref_logps", Floats.Of(run.LogProbs("ref_logits")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Dpo_every_configuration_gives_the_golden_loss_gradient_and_metrics(bool generated)
    {
        using var run = new GoldenRun(generated);
        foreach (var entry in run.Root.GetProperty("dpo").EnumerateArray())
        {
            GoldenConfiguration.RefuseOtherKeys(entry);
            var result = run.OfPairs(GoldenConfiguration.OfDpo(entry.GetProperty("config")));

            GoldenAssert.Figure(entry, "loss", result.Loss);
            GoldenAssert.Gradient(entry, result.Gradient);
            // Token counts are of the file's prompts, which the log-probs do not have.
            foreach (var metric in entry.GetProperty("metrics").EnumerateObject().Where(m => m.Name != "num_tokens"))
            {
                GoldenAssert.Relative(
                    [metric.Value.GetSingle()],
                    [(float)result.Metrics[metric.Name]],
                    $"{entry.GetProperty("config")}: {metric.Name}");
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Other_every_entry_gives_the_golden_losses_rewards_and_gradient(bool generated)
    {
        using var run = new GoldenRun(generated);
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

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Kto_every_entry_gives_the_golden_loss_divergence_and_gradient(bool generated)
    {
        using var run = new GoldenRun(generated);
        foreach (var entry in run.Root.GetProperty("kto").EnumerateArray())
        {
            var result = run.OfRows(GoldenConfiguration.OfKto(entry));

            GoldenAssert.Figure(entry, "loss", result.Loss);
            GoldenAssert.Gradient(entry, result.Gradient);
            // Of the two, only KTO estimates it; TRL then logs a 0.
            GoldenAssert.Figure(entry, "kl", result.Objective.Options.Losses[0].Name == "kto" ? (float)result.Metrics["kl"] : 0);
        }
    }

    [Theory]
    [InlineData("""{"loss_type": ["sigmoid"], "beta": 0.1, "temperature": 2}""")]
    [InlineData("""{"loss_type": ["sigmoid", "new_loss"], "beta": 0.1}""")]
    [InlineData("""{"loss_type": ["sigmoid"], "f_divergence_type": "new_divergence"}""")]
    [InlineData("""{"loss_type": [], "beta": 0.1}""")]
    public void Dpo_configuration_that_is_not_understood_fails(string config) =>
        Assert.ThrowsAny<Exception>(() => new Objective(GoldenConfiguration.OfDpo(JsonDocument.Parse(config).RootElement)));

    [Theory]
    [InlineData("""{"family": "cpo", "loss_type": "new_loss", "average_log_prob": true}""")]
    [InlineData("""{"family": "new_family", "loss_type": "sigmoid"}""")]
    [InlineData("""{"family": "dpo_paper_repo", "beta": 0.1, "new_key": 1}""")]
    public void Other_entry_that_is_not_understood_fails(string entry) =>
        Assert.ThrowsAny<Exception>(() => GoldenConfiguration.OfOther(JsonDocument.Parse(entry).RootElement));
}

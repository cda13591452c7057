using System.Text.Json;
using System.Text.Json.Nodes;
using IterativeDpo.Generation;
using IterativeDpo.Training.Tests.Torch.Losses;

namespace IterativeDpo.Training.Tests.Torch.Golden;

/// <summary>
/// A file of the golden form with other shapes, and more combinations of options: figures of the plain losses in float64, gradients as
/// central differences.
/// </summary>
internal static class GeneratedGolden
{
    private const int Pairs = 3;
    private const int Length = 8;
    private const int Vocabulary = 11;
    private static readonly int[] PromptLengths = [3, 1, 2, 3, 1, 2];
    private static readonly int[] CompletionLengths = [4, 1, 2, 2, 6, 3];
    private static readonly int[] Ids =
    [
        .. Enumerable.Range(0, 2 * Pairs * Length).Select(i => (int)(SampleSeed.Mix((ulong)i) % Vocabulary)),
    ];
    private static readonly double[] PolicyLogits = Logits(100_000);
    private static readonly double[] ReferenceLogits = Logits(200_000);
    private static readonly Lazy<string> File = new(Write);

    private static readonly string[] Dpo =
    [
        """{"loss_type": ["sigmoid"], "beta": 0.3}""",
        """{"loss_type": ["sigmoid"], "beta": 0.3, "label_smoothing": 0.2}""",
        """{"loss_type": ["sigmoid"], "beta": 0.3, "ld_alpha": 0.4}""",
        """{"loss_type": ["ipo"], "beta": 0.3, "ld_alpha": 0}""",
        """{"loss_type": ["aot"], "beta": 0.3, "ld_alpha": 0.4}""",
        """{"loss_type": ["hinge"], "beta": 0.3, "use_weighting": true}""",
        """{"loss_type": ["sft"], "beta": 0.3, "use_weighting": true}""",
        """{"loss_type": ["exo_pair"], "beta": 0.3, "use_weighting": true}""",
        """{"loss_type": ["apo_down"], "beta": 0.3, "f_divergence_type": "js_divergence"}""",
        """{"loss_type": ["nca_pair"], "beta": 0.3, "f_divergence_type": "forward_kl"}""",
        """{"loss_type": ["bco_pair"], "beta": 0.3, "f_divergence_type": "alpha_divergence", "f_alpha_divergence_coef": 0.25}""",
        """{"loss_type": ["discopop"], "beta": 0.3, "discopop_tau": 0.5}""",
        """{"loss_type": ["robust"], "beta": 0.3, "label_smoothing": 0.2, "use_weighting": true, "ld_alpha": 0.5}""",
        """{"loss_type": ["sigmoid", "bco_pair", "sft"], "loss_weights": [0.8, 0.2, 1], "beta": 0.3, "use_weighting": true}""",
        """{"loss_type": ["sppo"], "beta": 0.3}""",
        """{"loss_type": ["sppo_hard"], "beta": 0.3}""",
        """{"loss_type": ["aot_unpaired"], "beta": 0.3}""",
        """{"loss_type": ["apo_zero"], "beta": 0.3}""",
        """{"loss_type": ["sigmoid_norm"], "beta": 0.3}""",
    ];

    private static readonly string[] Other =
    [
        """{"family": "cpo", "loss_type": "simpo", "beta": 1.5, "simpo_gamma": 0.7, "alpha": 0, "label_smoothing": 0.1, "average_log_prob": true}""",
        """{"family": "cpo", "loss_type": "simpo", "beta": 1.5, "simpo_gamma": 0.7, "alpha": 0.3, "average_log_prob": true}""",
        """{"family": "cpo", "loss_type": "sigmoid", "beta": 0.3, "average_log_prob": false}""",
        """{"family": "cpo", "loss_type": "hinge", "beta": 0.3, "average_log_prob": false}""",
        """{"family": "cpo", "loss_type": "ipo", "beta": 0.3, "average_log_prob": true}""",
        """{"family": "dpo_paper_repo", "beta": 0.3, "ipo_on_sums": true}""",
        """{"family": "dpo_paper_repo", "beta": 0.3, "label_smoothing": 0.1, "reference_free": true}""",
        """{"family": "simpo_repo", "loss_type": "hinge", "beta": 1.5, "gamma_beta_ratio": 0.4, "average_log_prob": true}""",
    ];

    private static readonly string[] Kto =
    [
        """{"loss_type": "kto", "beta": 0.3, "desirable_weight": 0.8, "undesirable_weight": 1.2}""",
        """{"loss_type": "apo_zero_unpaired", "beta": 0.3}""",
    ];

    public static string Json => File.Value;

    private static string Write()
    {
        var rows = Rows(PolicyLogits);
        var firsts = Enumerable.Range(0, Pairs).ToArray();
        var seconds = Enumerable.Range(Pairs, Pairs).ToArray();
        var all = Enumerable.Range(0, 2 * Pairs).ToArray();
        var rolled = all.Select(row => (row + 2 * Pairs - 1) % (2 * Pairs)).ToArray();
        var hard = Enumerable.Repeat(1.0, Pairs).ToArray();
        var labels = all.Select(row => row < Pairs ? 1.0 : 0).ToArray();
        var root = new JsonObject
        {
            ["batch_pairs"] = Pairs,
            ["sequence_length"] = Length,
            ["vocab"] = Vocabulary,
            ["input_ids"] = JsonSerializer.SerializeToNode(Ids.Chunk(Length)),
            ["completion_mask"] = JsonSerializer.SerializeToNode(all.Select(row =>
                Enumerable
                    .Range(0, Length)
                    .Select(t => t >= PromptLengths[row] && t < PromptLengths[row] + CompletionLengths[row] ? 1 : 0))),
            ["policy_logits"] = JsonSerializer.SerializeToNode(PolicyLogits),
            ["ref_logits"] = JsonSerializer.SerializeToNode(ReferenceLogits),
            ["policy_logps"] = JsonSerializer.SerializeToNode(rows.LogProbs(true)),
            ["ref_logps"] = JsonSerializer.SerializeToNode(rows.LogProbs(false)),
            ["dpo"] = new JsonArray([.. Dpo.Select(text => WithFigures(
                new JsonObject { ["config"] = JsonNode.Parse(text), ["metrics"] = Metrics(rows, Parsed(text, GoldenConfiguration.OfDpo)) },
                Parsed(text, GoldenConfiguration.OfDpo), firsts, seconds, hard))]),
            ["other"] = new JsonArray([.. Other.Select(text => WithFigures(
                JsonNode.Parse(text)!.AsObject(), Parsed(text, GoldenConfiguration.OfOther), firsts, seconds, hard))]),
            ["kto"] = new JsonArray([.. Kto.Select(text => WithFigures(
                JsonNode.Parse(text)!.AsObject(), Parsed(text, GoldenConfiguration.OfKto), all, rolled, labels))]),
        };
        return root.ToJsonString();
    }

    private static JsonObject WithFigures(JsonObject entry, LossOptions options, int[] first, int[] second, double[] labels)
    {
        var at = Rows(PolicyLogits).Batch(options, first, second, labels);
        var gradient = new double[PolicyLogits.Length];
        for (var i = 0; i < gradient.Length; i++)
        {
            const double step = 1e-4;
            gradient[i] = (Moved(i, step) - Moved(i, -step)) / (2 * step);
        }
        entry["loss"] = PlainLosses.Objective(options, at);
        entry["grad_policy_logits"] = JsonSerializer.SerializeToNode(gradient);
        if (options.Losses[0].Name == "kto")
        {
            entry["kl"] = at.K;
        }
        return entry;

        double Moved(int place, double step)
        {
            var logits = PolicyLogits.ToArray();
            logits[place] += step;
            // WPO's weights and KTO's K take no gradient.
            return PlainLosses.Objective(
                options,
                Rows(logits).Batch(options, first, second, labels) with
                {
                    Weights = at.Weights,
                    K = at.K,
                });
        }
    }

    private static JsonObject Metrics(PlainRows rows, LossOptions options)
    {
        var x = rows.Batch(options, [.. Enumerable.Range(0, Pairs)], [.. Enumerable.Range(Pairs, Pairs)], new double[Pairs]);
        var (chosen, rejected) = (rows.Policy[..Pairs].SelectMany(t => t).ToArray(), rows.Policy[Pairs..].SelectMany(t => t).ToArray());
        var rewards = Enumerable
            .Range(0, Pairs)
            .Select(i => (Chosen: options.Beta * (x.W[i] - x.WRef[i]), Rejected: options.Beta * (x.L[i] - x.LRef[i])))
            .ToArray();
        return new JsonObject
        {
            ["entropy"] = chosen.Concat(rejected).Average(t => t.Entropy),
            ["logits/chosen"] = chosen.Average(t => t.MeanLogit),
            ["logits/rejected"] = rejected.Average(t => t.MeanLogit),
            ["mean_token_accuracy"] = chosen.Average(t => t.Hit ? 1.0 : 0),
            ["rewards/chosen"] = rewards.Average(r => r.Chosen),
            ["rewards/rejected"] = rewards.Average(r => r.Rejected),
            ["rewards/accuracies"] = rewards.Average(r => r.Chosen > r.Rejected ? 1.0 : 0),
            ["rewards/margins"] = rewards.Average(r => r.Chosen - r.Rejected),
            ["logps/chosen"] = x.W.Average(),
            ["logps/rejected"] = x.L.Average(),
        };
    }

    private static PlainRows Rows(double[] policy) => new(Tokens(policy), Tokens(ReferenceLogits));

    private static PlainToken[][] Tokens(double[] logits) => [.. Enumerable.Range(0, 2 * Pairs).Select(row =>
        Enumerable.Range(PromptLengths[row], CompletionLengths[row]).Select(t =>
            PlainToken.Of(logits.AsSpan((row * Length + t - 1) * Vocabulary, Vocabulary), Ids[row * Length + t])).ToArray())];

    private static double[] Logits(ulong seed) => [.. Enumerable.Range(0, 2 * Pairs * Length * Vocabulary)
        .Select(i => 4 * ((SampleSeed.Mix(seed + (ulong)i) >> 40) / (double)(1 << 24) - 0.5))];

    private static LossOptions Parsed(string text, Func<JsonElement, LossOptions> options) => options(JsonDocument.Parse(text).RootElement);
}

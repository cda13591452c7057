using System.Text.Json;
using Xunit.Sdk;

namespace IterativeDpo.Training.Tests.Torch.Golden;

/// <summary>
/// An entry's settings as the project's options. Every key is either read or fails the test: an entry that is not understood is never
/// passed over.
/// </summary>
internal static class GoldenConfiguration
{
    /// <summary>Keys with figures, which the tests compare, and notes on them.</summary>
    private static readonly string[] Figures =
        [
            "loss",
            "per_pair",
            "chosen_rewards",
            "rejected_rewards",
            "grad_policy_logits",
            "kl",
            "kl_note",
            "note",
            "log_odds_chosen",
            "log_odds_ratio",
        ];

    /// <summary>An entry's <c>config</c> of <c>dpo</c>.</summary>
    public static LossOptions OfDpo(JsonElement config)
    {
        var keys = new Keys(config);
        var names = keys.Texts("loss_type");
        var weights = keys.Numbers("loss_weights") ?? [.. names.Select(_ => 1f)];
        Assert.Equal(names.Length, weights.Length);
        return keys.End(new LossOptions(
            [.. names.Zip(weights, (name, weight) => new WeightedLoss(name, weight))],
            keys.Number("beta", 0.1f),
            keys.Number("label_smoothing", 0),
            FDivergence: keys.Text("f_divergence_type", "reverse_kl") switch
            {
                "reverse_kl" => FDivergence.ReverseKl,
                "forward_kl" => FDivergence.ForwardKl,
                "js_divergence" => FDivergence.JsDivergence,
                "alpha_divergence" => FDivergence.AlphaDivergence,
                var other => throw new XunitException($"no divergence '{other}'"),
            },
            AlphaDivergenceCoefficient: keys.Number("f_alpha_divergence_coef", 0.5f),
            LdAlpha: keys.Number("ld_alpha", 1),
            Wpo: keys.Flag("use_weighting"),
            ReferenceFree: keys.Flag("reference_free"),
            DiscopopTau: keys.Number("discopop_tau", 0.05f)));
    }

    /// <summary>An entry of <c>other</c>.</summary>
    public static LossOptions OfOther(JsonElement entry)
    {
        var keys = new Keys(entry, Figures);
        var family = keys.Text("family", "");
        var form = keys.Text("loss_type", "sigmoid");
        var alpha = keys.Number("alpha", 0);
        var ipoOnSums = keys.Flag("ipo_on_sums");
        // How these trainers treat a log-prob follows from their loss.
        var averages = keys.Flag("average_log_prob");
        var options = new LossOptions((family, form) switch
        {
            ("cpo", "simpo") when averages => alpha == 0 ? "simpo" : "alphapo",
            ("cpo", "sigmoid") when !averages => "cpo",
            ("cpo", "hinge") when !averages => "cpo_hinge",
            ("cpo", "ipo") when averages => "cpo_ipo",
            ("orpo_odds_ratio_term", _) => "orpo",
            ("dpo_paper_repo", _) => ipoOnSums ? "ipo" : "sigmoid",
            ("simpo_repo", "sigmoid") when averages => "simpo",
            ("simpo_repo", "hinge") when averages => "simpo_hinge",
            _ => throw new XunitException($"no such loss: {family}, {form}, averages {averages}"),
        }, keys.Number("beta", 0.1f))
        {
            LabelSmoothing = keys.Number("label_smoothing", 0),
            ReferenceFree = keys.Flag("reference_free"),
            IpoOnSums = ipoOnSums,
        };
        var gamma = keys.Number("simpo_gamma", 0);
        var ratio = keys.Number("gamma_beta_ratio", 0);
        options = options.Losses[0].Name switch
        {
            "simpo" or "simpo_hinge" when family == "simpo_repo" => options with { GammaBetaRatio = ratio },
            "simpo" => options with { SimpoGamma = gamma },
            "alphapo" => options with { SimpoGamma = gamma, AlphapoAlpha = alpha },
            // The figures are of the preference term alone.
            "cpo" or "cpo_hinge" or "cpo_ipo" => options with { CpoAlpha = 0 },
            _ => options,
        };
        return keys.End(options);
    }

    /// <summary>An entry of <c>kto</c>.</summary>
    public static LossOptions OfKto(JsonElement entry)
    {
        var keys = new Keys(entry, Figures);
        return keys.End(new LossOptions(keys.Text("loss_type", ""), keys.Number("beta", 0.1f))
        {
            DesirableWeight = keys.Number("desirable_weight", 1),
            UndesirableWeight = keys.Number("undesirable_weight", 1),
        });
    }

    /// <summary>A list of entries that no test knows would be passed over.</summary>
    public static void RefuseOtherLists(JsonElement root) => Assert.DoesNotContain(root.EnumerateObject(), p =>
        p.Value.ValueKind == JsonValueKind.Array
        && p.Value.EnumerateArray().Any(item => item.ValueKind == JsonValueKind.Object)
        && p.Name is not ("dpo" or "other" or "kto"));

    /// <summary>An entry of <c>dpo</c> itself, beside its <c>config</c>.</summary>
    public static void RefuseOtherKeys(JsonElement entry) =>
        Assert.DoesNotContain(entry.EnumerateObject(), p => !Figures.Contains(p.Name) && p.Name is not ("config" or "metrics"));

    /// <summary>The keys of an entry, each to be read once.</summary>
    private sealed class Keys(JsonElement entry, params string[] others)
    {
        private readonly HashSet<string> _left = [.. entry.EnumerateObject().Select(p => p.Name).Except(others)];

        public float Number(string name, float otherwise) => Take(name) is { } value ? value.GetSingle() : otherwise;

        public string Text(string name, string otherwise) => Take(name) is { } value ? value.GetString()! : otherwise;

        public bool Flag(string name) => Take(name) is { } value && value.GetBoolean();

        public float[]? Numbers(string name) => Take(name) is { } value ? GoldenFile.Floats(value) : null;

        public string[] Texts(string name) => Take(name) is { } value ? [.. value.EnumerateArray().Select(item => item.GetString()!)] : [];

        public LossOptions End(LossOptions options) =>
            _left.Count == 0 ? options : throw new XunitException($"keys that are not understood: {string.Join(", ", _left)}");

        private JsonElement? Take(string name) => _left.Remove(name) ? entry.GetProperty(name) : null;
    }
}

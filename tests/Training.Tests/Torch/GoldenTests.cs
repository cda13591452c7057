using System.Text.Json;
using IterativeDpo.Training.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Tests.Torch;

/// <summary>
/// The head, the objective and the metrics against the reference implementations. The logits are put in as hidden rows of
/// a model whose output map is the identity, so the gradient with respect to logits is the one that goes into the body.
/// </summary>
public sealed class GoldenTests : IDisposable
{
    private readonly GoldenFile _golden = new();
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose()
    {
        _scope.Dispose();
        _golden.Dispose();
    }

    [Theory]
    [InlineData("policy_logits", "policy_logps")]
    [InlineData("ref_logits", "ref_logps")]
    public void Head_golden_logits_give_the_golden_log_probs(string logits, string expected)
    {
        var (head, rows) = (Head(logits), Rows());

        var sums = zeros(2 * _golden.Pairs).index_add_(0, rows, head.LogProbs, 1);

        AssertRelative(GoldenFile.Floats(_golden.Root.GetProperty(expected)), Floats.Of(sums), 1e-4);
    }

    [Fact]
    public void Backward_golden_configurations_give_the_golden_loss_gradient_and_metrics()
    {
        var checkedConfigurations = 0;
        foreach (var entry in _golden.Root.GetProperty("dpo").EnumerateArray().Where(Supported))
        {
            Check(entry, OptionsOf(entry.GetProperty("config")));
            checkedConfigurations++;
        }
        Assert.True(checkedConfigurations >= 1);
    }

    private void Check(JsonElement entry, TrainingOptions options)
    {
        var name = entry.GetProperty("config").ToString();
        var head = Head("policy_logits");
        var (objective, logProbs) = Objective(head, options);
        objective.backward();
        var gradient = head.Slopes * logProbs.grad!.index_select(0, Rows()).unsqueeze(1);
        var whole = zeros_like(_golden.Logits("policy_logits"));
        whole.index_add_(0, Floats.Indexes(_golden.CompletionTokens().Positions, CPU), gradient, 1);

        AssertRelative([entry.GetProperty("loss").GetSingle()], [objective.item<float>()], 1e-4, name);
        var expected = GoldenFile.Floats(entry.GetProperty("grad_policy_logits"));
        Assert.True(expected.Zip(Floats.Of(whole), (x, y) => Math.Abs(x - y)).Max() < 1e-5, $"{name}: gradient");
        CheckMetrics(entry.GetProperty("metrics"), head, logProbs.detach(), options.Beta);
    }

    private (Tensor Objective, Tensor LogProbs) Objective(HeadOutput head, TrainingOptions options)
    {
        var b = _golden.Pairs;
        var logProbs = zeros(2 * b).index_add_(0, Rows(), head.LogProbs, 1).requires_grad_();
        var reference = tensor(GoldenFile.Floats(_golden.Root.GetProperty("ref_logps")));
        var pairs = new PairLogProbs(
            logProbs.narrow(0, 0, b), logProbs.narrow(0, b, b), reference.narrow(0, 0, b), reference.narrow(0, b, b), ones(b));
        var chosenTokens = _golden.CompletionTokens().Rows.Count(row => row < b);
        return (new StepObjective(PreferenceLosses.Named(options.Loss), options, new([], b, chosenTokens)).Of(pairs), logProbs);
    }

    private void CheckMetrics(JsonElement metrics, HeadOutput head, Tensor logProbs, float beta)
    {
        var b = _golden.Pairs;
        var rewards = (logProbs - tensor(GoldenFile.Floats(_golden.Root.GetProperty("ref_logps")))) * beta;
        var (chosen, rejected) = (rewards.narrow(0, 0, b), rewards.narrow(0, b, b));
        void Same(string name, Tensor value) => AssertRelative([metrics.GetProperty(name).GetSingle()], [value.item<float>()], 1e-3, name);
        Same("rewards/chosen", chosen.mean());
        Same("rewards/rejected", rejected.mean());
        Same("rewards/margins", (chosen - rejected).mean());
        Same("rewards/accuracies", (chosen > rejected).to(ScalarType.Float32).mean());
        Same("logps/chosen", logProbs.narrow(0, 0, b).mean());
        Same("logps/rejected", logProbs.narrow(0, b, b).mean());
        Same("entropy", head.Entropies.mean());
        Same("mean_token_accuracy", head.Hits.narrow(0, 0, _golden.CompletionTokens().Rows.Count(row => row < b)).mean());
    }

    private HeadOutput Head(string logits)
    {
        var (positions, targets, _) = _golden.CompletionTokens();
        var hidden = _golden.Logits(logits).index_select(0, Floats.Indexes(positions, CPU));
        return ChunkedHead.Forward(eye(hidden.size(1)), hidden, Floats.Indexes(targets, CPU));
    }

    private Tensor Rows() => Floats.Indexes(_golden.CompletionTokens().Rows, CPU);

    private static Tensor eye(long size) => ones(size, size).tril().triu();

    // The configurations whose every part is in the table; "sft" beside a loss is the SFT weight.
    private static bool Supported(JsonElement entry)
    {
        var config = entry.GetProperty("config");
        var losses = config.GetProperty("loss_type").EnumerateArray().Select(l => l.GetString()).ToList();
        return config.EnumerateObject().All(p => p.Name is "beta" or "loss_type" or "label_smoothing" or "loss_weights")
            && PreferenceLosses.All.Any(l => l.Name == losses[0])
            && (losses.Count == 1 || (losses.Count == 2 && losses[1] == "sft" && config.GetProperty("loss_weights")[0].GetDouble() == 1));
    }

    private static TrainingOptions OptionsOf(JsonElement config) => Tiny.Options with
    {
        Loss = config.GetProperty("loss_type")[0].GetString()!,
        Beta = config.GetProperty("beta").GetSingle(),
        LabelSmoothing = config.TryGetProperty("label_smoothing", out var smoothing) ? smoothing.GetSingle() : 0,
        SftWeight = config.TryGetProperty("loss_weights", out var weights) ? weights[1].GetSingle() : 0,
    };

    private static void AssertRelative(float[] expected, float[] actual, double tolerance, string what = "")
    {
        Assert.Equal(expected.Length, actual.Length);
        foreach (var (e, a) in expected.Zip(actual))
        {
            Assert.True(Math.Abs(e - a) <= tolerance * Math.Max(1e-3, Math.Abs(e)), $"{what}: {a} instead of {e}");
        }
    }
}

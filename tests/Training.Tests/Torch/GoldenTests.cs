using System.Text.Json;
using IterativeDpo.Training.Torch;
using IterativeDpo.Training.Torch.Losses;
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

    private void Check(JsonElement entry, LossOptions options)
    {
        var name = entry.GetProperty("config").ToString();
        var head = Head("policy_logits", options.Wpo);
        var logProbs = head.LogProbs.requires_grad_();
        var figures = RowFigures.Of(logProbs, head, new(Packed(), options.LdAlpha, CPU));
        var batch = figures.ToLossBatch(Reference(options.LdAlpha), ones(_golden.Pairs), new([], _golden.Pairs, Packed().Batch.BranchTokens.Take(_golden.Pairs).Sum()));
        var objective = new Objective(options);
        var loss = objective.Of(batch);
        loss.backward();

        AssertRelative([entry.GetProperty("loss").GetSingle()], [loss.item<float>()], 1e-4, name);
        var gradient = zeros_like(_golden.Logits("policy_logits"))
            .index_add_(0, Floats.Indexes(_golden.CompletionTokens().Positions, CPU), head.Slopes * logProbs.grad!.unsqueeze(1), 1);
        var expected = GoldenFile.Floats(entry.GetProperty("grad_policy_logits"));
        Assert.True(expected.Zip(Floats.Of(gradient), (x, y) => Math.Abs(x - y)).Max() < 1e-5, $"{name}: gradient");
        var metrics = StepMetrics.Of(loss.item<float>(), figures.Detach(), batch, objective);
        foreach (var metric in entry.GetProperty("metrics").EnumerateObject().Where(m => m.Name != "num_tokens"))
        {
            AssertRelative([metric.Value.GetSingle()], [(float)metrics[metric.Name]], 1e-3, $"{name}: {metric.Name}");
        }
    }

    /// <summary>The file's rows, each a completion of a prompt of its own.</summary>
    private PackedExamples Packed()
    {
        var tokens = _golden.CompletionTokens();
        var completions = Enumerable.Range(0, 2 * _golden.Pairs)
            .Select(row => tokens.Targets.Where((_, i) => tokens.Rows[i] == row).ToArray());
        var rows = Enumerable.Range(0, _golden.Pairs);
        return new(
            PackedBatch.Create([.. completions.Select(ids => new PackedGroup([0], [ids]))]), [.. rows], [.. rows.Select(row => row + _golden.Pairs)]);
    }

    private Tensor Reference(float ldAlpha) => new ExampleRows(Packed(), ldAlpha, CPU).Weighted(Head("ref_logits").LogProbs);

    private HeadOutput Head(string logits, bool confidences = false)
    {
        var (positions, targets, _) = _golden.CompletionTokens();
        var hidden = _golden.Logits(logits).index_select(0, Floats.Indexes(positions, CPU));
        return ChunkedHead.Forward(eye(hidden.size(1)), hidden, Floats.Indexes(targets, CPU), confidences);
    }

    private Tensor Rows() => Floats.Indexes(_golden.CompletionTokens().Rows, CPU);

    private static Tensor eye(long size) => ones(size, size).tril().triu();

    // The configurations whose every part is in the table.
    private static bool Supported(JsonElement entry)
    {
        var config = entry.GetProperty("config");
        var losses = config.GetProperty("loss_type").EnumerateArray().Select(l => l.GetString()).ToList();
        return config.EnumerateObject().All(p => p.Name is "beta" or "loss_type" or "label_smoothing" or "loss_weights" or "ld_alpha" or "use_weighting")
            && losses.All(name => PreferenceLosses.All.Any(l => l.Name == name));
    }

    private static LossOptions OptionsOf(JsonElement config)
    {
        var names = config.GetProperty("loss_type").EnumerateArray().Select(l => l.GetString()!);
        float Number(string name, float otherwise) => config.TryGetProperty(name, out var value) ? value.GetSingle() : otherwise;
        return new(
            [.. names.Select((name, i) => new WeightedLoss(name, config.TryGetProperty("loss_weights", out var weights) ? weights[i].GetSingle() : 1))],
            Number("beta", 0.1f), Number("label_smoothing", 0), LdAlpha: Number("ld_alpha", 1), Wpo: config.TryGetProperty("use_weighting", out _));
    }

    private static void AssertRelative(float[] expected, float[] actual, double tolerance, string what = "")
    {
        Assert.Equal(expected.Length, actual.Length);
        foreach (var (e, a) in expected.Zip(actual))
        {
            Assert.True(Math.Abs(e - a) <= tolerance * Math.Max(1e-3, Math.Abs(e)), $"{what}: {a} instead of {e}");
        }
    }
}

using System.Text.Json;
using IterativeDpo.Training.Torch;
using IterativeDpo.Training.Torch.Losses;
using TorchSharp;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Tests.Torch.Golden;

/// <summary>
/// The head, the objective and the metrics over a golden file's rows. The logits are put in as hidden rows of a model whose output map
/// is the identity, so the gradient with respect to logits is the one that goes into the body.
/// </summary>
internal sealed class GoldenRun : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly GoldenFile _golden;
    private readonly (int[] Positions, int[] Targets, int[] Rows) _tokens;

    public GoldenRun(bool generated)
    {
        _golden = GoldenFile.Open(generated);
        _tokens = _golden.CompletionTokens();
    }

    public JsonElement Root => _golden.Root;

    public int Pairs => _golden.Pairs;

    /// <summary>Σ log p of each row's completion tokens, [2B].</summary>
    public Tensor LogProbs(string logits) =>
        zeros(2 * Pairs).index_add_(0, Floats.Indexes(_tokens.Rows, CPU), Head(logits, false).LogProbs, 1);

    /// <summary>The rows as pairs.</summary>
    public Result OfPairs(LossOptions options) =>
        Compute(options, [.. Enumerable.Range(0, Pairs)], [.. Enumerable.Range(Pairs, Pairs)], ones(Pairs));

    /// <summary>Each row as an example of its own; its mismatched completion is the row before.</summary>
    public Result OfRows(LossOptions options)
    {
        var rows = Enumerable.Range(0, 2 * Pairs).ToArray();
        return Compute(options, rows, [.. rows.Select(row => (row + 2 * Pairs - 1) % (2 * Pairs))], cat([ones(Pairs), zeros(Pairs)]));
    }

    public void Dispose()
    {
        _scope.Dispose();
        _golden.Dispose();
    }

    private Result Compute(LossOptions options, int[] first, int[] second, Tensor labels)
    {
        var objective = new Objective(options);
        var completions = Enumerable.Range(0, 2 * Pairs).Select(row => _tokens.Targets.Where((_, i) => _tokens.Rows[i] == row).ToArray());
        // The rows have prompts of their own.
        var packed = new PackedExamples(PackedBatch.Create([.. completions.Select(ids => new PackedGroup([0], [ids]))]), first, second);
        var rows = new ExampleRows(packed, options.LdAlpha, CPU);
        var head = Head("policy_logits", options.Wpo);
        var logProbs = head.LogProbs.requires_grad_();
        var figures = RowFigures.Of(logProbs, head, rows);
        var step = new PlannedStep([], first.Length, first.Sum(row => packed.Batch.BranchTokens[row]));
        var batch = figures.ToLossBatch(rows.Weighted(Head("ref_logits", false).LogProbs), labels, step);
        var loss = objective.Of(batch);
        loss.backward();
        var gradient = zeros_like(_golden.Logits("policy_logits"))
            .index_add_(0, Floats.Indexes(_tokens.Positions, CPU), head.Slopes * logProbs.grad!.unsqueeze(1), 1);
        var value = loss.item<float>();
        return new(objective, batch, value, Floats.Of(gradient), StepMetrics.Of(value, figures.Detach(), batch, objective));
    }

    private HeadOutput Head(string logits, bool confidences)
    {
        var hidden = _golden.Logits(logits).index_select(0, Floats.Indexes(_tokens.Positions, CPU));
        var size = hidden.size(1);
        return ChunkedHead.Forward(ones(size, size).tril().triu(), hidden, Floats.Indexes(_tokens.Targets, CPU), confidences);
    }

    /// <param name="Gradient">d loss / d logits, flattened.</param>
    internal sealed record Result(
        Objective Objective, LossBatch Batch, float Loss, float[] Gradient, IReadOnlyDictionary<string, double> Metrics)
    {
        /// <summary>The only loss's figure of each pair.</summary>
        public float[] PerPair() =>
            Floats.Of(PreferenceLosses.Named(Objective.Options.Losses.Single().Name).Compute(Objective.Seen(Batch), Objective.Options));
    }
}

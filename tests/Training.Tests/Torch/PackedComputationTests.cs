using IterativeDpo.Artifacts.Models;
using IterativeDpo.Training.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Tests.Torch;

/// <summary>The packed computation equals the padded, concatenated one.</summary>
public sealed class PackedComputationTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private PreferencePair[] _pairs = TinyModel.Pairs(7);

    public void Dispose() => _scope.Dispose();

    [Theory]
    [MemberData(nameof(TinyModel.FamiliesBothWays), MemberType = typeof(TinyModel))]
    public void Forward_full_weights_equals_padded_log_probs_and_gradients(string family, bool ownLoops)
    {
        var config = TinyModel.Families[family];
        using var model = PolicyModel.Create(config, TinyModel.Weights(config), ComputeType.Float32, trainable: true, CPU);
        model.OwnLoops = ownLoops ? OwnLoops.All : OwnLoops.None;
        var padded = new PaddedModel(config, TinyModel.Weights(config), _ => null);

        var (packedLogProbs, paddedLogProbs) = RunBoth(model, null, padded);

        AssertClose(paddedLogProbs, packedLogProbs, "log-probs");
        using var gradients = PolicyModel.Create(
            config,
            name => Floats.Of(padded.Weight(name).grad!),
            ComputeType.Float32,
            trainable: true,
            CPU);
        foreach (var spec in gradients.Parameters!.Specs)
        {
            AssertClose(gradients.Parameters[spec.Name], model.Parameters!.Gradient(spec.Name), spec.Name);
        }
    }

    [Theory]
    [MemberData(nameof(TinyModel.FamiliesBothWays), MemberType = typeof(TinyModel))]
    public void Forward_with_adapter_equals_padded_log_probs_and_gradients(string family, bool ownLoops)
    {
        var config = TinyModel.Families[family];
        using var model = PolicyModel.Create(config, TinyModel.Weights(config), ComputeType.Float32, trainable: false, CPU);
        model.OwnLoops = ownLoops ? OwnLoops.All : OwnLoops.None;
        // On a part of the fused maps, and in one form on all of them.
        using var lora = new LoraWeights(
            config,
            new(4, 8, family == "llama" ? ["all"] : ["attn_q", "attn_v", "attn_output", "ffn_up"]),
            CPU);
        using (no_grad())
        {
            lora.Parameters.Values.copy_(sin(arange(lora.Parameters.Values.numel()).to(ScalarType.Float32)) * 0.2f);
        }
        var maps = lora.Export().ToDictionary(m => m.Tensor, m => (A: Leaf(m.A, 4, -1), B: Leaf(m.B, -1, 4), Scale: 2f));
        var padded = new PaddedModel(config, TinyModel.Weights(config), name => maps.TryGetValue(name, out var map) ? map : null);

        var (packedLogProbs, paddedLogProbs) = RunBoth(model, lora, padded);

        AssertClose(paddedLogProbs, packedLogProbs, "log-probs");
        using (no_grad())
        {
            // The gradients through the adapter's own way to the file's names and row order.
            lora.Parameters.Values.copy_(lora.Parameters.Gradients);
        }
        foreach (var gradient in lora.Export())
        {
            AssertClose(maps[gradient.Tensor].A.grad!, tensor(gradient.A).view(4, -1), gradient.Tensor);
            AssertClose(maps[gradient.Tensor].B.grad!, tensor(gradient.B).view(-1, 4), gradient.Tensor);
        }
    }

    /// <summary>Rows that fill up a batch, and the last block's rows, give nothing to anything.</summary>
    [Theory]
    [MemberData(nameof(TinyModel.FamiliesBothWays), MemberType = typeof(TinyModel))]
    public void Forward_of_many_rows_that_are_filled_up_equals_padded(string family, bool ownLoops)
    {
        _pairs = TinyModel.Pairs(61);
        var batch = PackedExamples.Create(_pairs).Batch;
        Assert.Equal(0, batch.TokenIds.Length % RowCounts.Step);
        Assert.NotEqual(0, batch.Predictors.Distinct().Count() % RowCounts.Step);

        Forward_full_weights_equals_padded_log_probs_and_gradients(family, ownLoops);
        Forward_with_adapter_equals_padded_log_probs_and_gradients(family, ownLoops);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Forward_bfloat16_stays_near_float32(bool ownLoops)
    {
        var config = TinyModel.Config();
        using var exact = PolicyModel.Create(config, TinyModel.Weights(config), ComputeType.Float32, trainable: false, CPU);
        using var rounded = PolicyModel.Create(config, TinyModel.Weights(config), ComputeType.BFloat16, trainable: false, CPU);
        rounded.OwnLoops = ownLoops ? OwnLoops.All : OwnLoops.None;
        var batch = PackedExamples.Create(_pairs).Batch;

        var difference = (exact.TokenLogProbs(batch, null) - rounded.TokenLogProbs(batch, null)).abs().max().item<float>();

        Assert.InRange(difference, 1e-6f, 0.3f);
    }

    /// <summary>
    /// What is thought is read, and not learned: the answer's log-probs are those that they have in the whole completion.
    /// </summary>
    [Fact]
    public void Forward_without_thoughts_has_the_answers_log_probs_of_the_whole()
    {
        var config = TinyModel.Config();
        using var model = PolicyModel.Create(config, TinyModel.Weights(config), ComputeType.Float32, trainable: false, CPU);
        int[] prompt = [5, 9], completion = [7, 3, 4, 8, 11, 2];
        var marks = new ThoughtMarks(Begin: 7, End: 4);

        var whole = model.TokenLogProbs(PackedBatch.Create([new(prompt, [completion])]), null);
        var answer = model.TokenLogProbs(PackedBatch.Create([new(prompt, [completion])], marks), null);

        Assert.Equal(3, answer.numel());
        AssertClose(whole.narrow(0, 3, 3), answer, "log-probs of the answer");
    }

    /// <summary>
    /// Runs one DPO-like loss over both and leaves the gradients where they go; gives the log-probs, chosen then rejected.
    /// </summary>
    private (Tensor Packed, Tensor Padded) RunBoth(PolicyModel model, LoraWeights? lora, PaddedModel padded)
    {
        var packed = PackedExamples.Create(_pairs);
        var pass = model.Forward(packed.Batch, lora);
        var both = new ExampleRows(packed, 1, CPU).Sum(pass.TokenLogProbs).view(-1);
        Loss(both).backward();
        pass.Backward();
        var expected = padded.LogProbs(
            [.. _pairs.Select(p => (p.PromptIds, p.ChosenIds)), .. _pairs.Select(p => (p.PromptIds, p.RejectedIds))]);
        Loss(expected).backward();
        return (both, expected);
    }

    private Tensor Loss(Tensor logps) =>
        -nn.functional.logsigmoid((logps.narrow(0, 0, _pairs.Length) - logps.narrow(0, _pairs.Length, _pairs.Length)) * 0.1).mean();

    private static Tensor Leaf(float[] values, long rows, long columns) => tensor(values).view(rows, columns).requires_grad_();

    private static void AssertClose(Tensor expected, Tensor actual, string what)
    {
        var scale = Math.Max(1, expected.abs().max().item<float>());
        var difference = (expected - actual).abs().max().item<float>() / scale;
        Assert.True(difference < 1e-5, $"{what}: differs by {difference}");
    }
}

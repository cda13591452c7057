using IterativeDpo.Training.Tests.Torch.Cpu;
using IterativeDpo.Training.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Tests.Torch;

public sealed class GatedDeltaRuleTests : IDisposable
{
    private const int Heads = 2, Dim = 6;

    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    /// <summary>
    /// Prompts and completions of several chunks, of whole ones and of less than one, prompts that end in different chunks, one that has no
    /// branch of rows, and many rows, so that they are filled up.
    /// </summary>
    private static PackedBatch Batch() => PackedBatch.Create([
        new(TinyModel.Ids(3, 1), [TinyModel.Ids(131, 2), TinyModel.Ids(2, 3), TinyModel.Ids(1, 4)]),
        new(TinyModel.Ids(150, 5), [TinyModel.Ids(65, 6), TinyModel.Ids(66, 7)]),
        new(TinyModel.Ids(64, 8), [TinyModel.Ids(40, 9)]),
        new(TinyModel.Ids(70, 10), [TinyModel.Ids(1, 11)]),
    ]);

    [Fact]
    public void Compute_by_chunks_is_the_state_token_by_token()
    {
        var batch = Batch();
        var (q, k, v, decay, beta) = Inputs(batch.TokenIds.Length);

        var actual = GatedDeltaRule.Compute(new(batch, CPU), q, k, v, decay, beta);

        Assert.Equal([batch.TokenIds.Length, Heads, Dim], actual.shape);
        foreach (var run in PackedRun.AllOf(batch))
        {
            int[] rows =
            [
                .. Enumerable.Range(run.PromptStart, run.PromptEnd - run.PromptStart),
                .. Enumerable.Range(run.Start, run.Length),
            ];
            var state = zeros(Heads, Dim, Dim);
            foreach (var row in rows)
            {
                state = state * decay[row].exp().view(Heads, 1, 1);
                var write = (v[row] - (state * k[row].unsqueeze(2)).sum(1)) * beta[row].unsqueeze(1);
                state = state + k[row].unsqueeze(2) * write.unsqueeze(1);
                var expected = (state * q[row].unsqueeze(2)).sum(1) / Math.Sqrt(Dim);
                Assert.True((expected - actual[row]).abs().max().item<float>() < 1e-5f, $"row {row}");
            }
        }
    }

    /// <summary>States that fade at once: ratios of their products leave float32's range, and are never divided.</summary>
    [Fact]
    public void Compute_of_states_that_fade_at_once_is_finite()
    {
        var batch = Batch();
        var (q, k, v, decay, beta) = Inputs(batch.TokenIds.Length);
        var fast = (decay * 100).requires_grad_();

        var actual = GatedDeltaRule.Compute(new(batch, CPU), q, k, v, fast, beta);
        actual.sum().backward();

        Assert.True(actual.isfinite().all().item<bool>());
        Assert.True(fast.grad!.isfinite().all().item<bool>());
    }

    /// <summary>The last row is none.</summary>
    private static (Tensor Q, Tensor K, Tensor V, Tensor Decay, Tensor Beta) Inputs(int rows)
    {
        Tensor Of(ulong seed, params long[] shape)
        {
            var values = RandomTensors.Of(rows + 1, (int)shape.Aggregate((x, y) => x * y), seed).view([rows + 1, .. shape]);
            values[rows].zero_();
            return values;
        }
        Tensor Unit(Tensor x) => x / x.norm(-1, keepdim: true).clamp_min(1e-6);
        return (
            Unit(Of(1, Heads, Dim)), Unit(Of(2, Heads, Dim)), Of(3, Heads, Dim), -Of(4, Heads).abs(), Of(5, Heads).abs().clamp(0, 1));
    }
}

using IterativeDpo.Artifacts.Models;
using IterativeDpo.Training.Torch;
using IterativeDpo.Training.Torch.Cpu;
using TorchSharp;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Tests.Torch.Cpu;

/// <summary>
/// Both ways to compute attention agree, and so do their gradients; <c>PackedComputationTests</c> hold them against autograd.
/// </summary>
[Collection(nameof(ThreadCounts))]
public sealed class CpuAttentionTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    /// <summary>
    /// Heads with and without a rest over whole lanes; one to sixty query heads a key head, whose scores are whole products or not.
    /// </summary>
    [Theory]
    [InlineData(4, 4, 8)]
    [InlineData(4, 2, 16)]
    [InlineData(4, 1, 20)]
    [InlineData(2, 1, 48)]
    [InlineData(14, 2, 16)]
    [InlineData(60, 1, 4)]
    public void Equals_attention_by_tiles(int heads, int kvHeads, int headDim)
    {
        foreach (var wanted in new[] { false, true })
        {
            AssertEqual(heads, kvHeads, headDim, ScalarType.Float32, wanted, 1e-5);
            // The tiles round probabilities and turned heads to bfloat16 on their way.
            AssertEqual(heads, kvHeads, headDim, ScalarType.BFloat16, wanted, 2e-2);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    [InlineData(310)]
    public void Equals_attention_by_tiles_in_a_window(int window)
    {
        foreach (var wanted in new[] { false, true })
        {
            AssertEqual(4, 2, 16, ScalarType.Float32, wanted, 1e-5, window);
        }
    }

    /// <summary>Sinks that take nearly nothing, some of each row, and nearly all.</summary>
    [Theory]
    [InlineData(4, 2, 16, 0)]
    [InlineData(4, 1, 20, 7)]
    [InlineData(60, 1, 4, 0)]
    public void With_sinks_equals_attention_by_tiles(int heads, int kvHeads, int headDim, int window)
    {
        var sinks = linspace(-30, 30, heads);
        foreach (var wanted in new[] { false, true })
        {
            AssertEqual(heads, kvHeads, headDim, ScalarType.Float32, wanted, 1e-5, window, sinks);
            AssertEqual(heads, kvHeads, headDim, ScalarType.BFloat16, wanted, 2e-2, window, sinks);
        }
    }

    /// <summary>A sink below all scores is none, and one far above them takes all, beyond where e^x ends.</summary>
    [Fact]
    public void Sink_takes_from_nothing_to_all()
    {
        var (config, batch) = (TinyModel.Config(), Batch());
        var attention = Attention(config, batch, null);
        var projected = RandomTensors.Of(batch.TokenIds.Length, 64, 5);

        var (rows, taken, trace) = attention.Forward(projected, tensor(new[] { -1000f, 1000f, -1000f, 1000f }));

        var (without, _) = attention.Forward(projected);
        var (heads, plain) = (rows.view(-1, 4, 8), without.view(-1, 4, 8));
        RandomTensors.AssertClose(plain.select(1, 0), heads.select(1, 0), 1e-6, "below");
        Assert.Equal(0, heads.select(1, 1).abs().max().item<float>());
        Assert.Equal(tensor(new[] { 0f, 1, 0, 1 }).expand(taken.size(0), 4), taken);
        Assert.True(attention.Backward(trace, ones_like(rows)).isfinite().all().item<bool>());
    }

    [Fact]
    public void Sinks_gradients_equal_differences_of_the_output()
    {
        var (config, batch) = (TinyModel.Config(), Batch());
        var attention = Attention(config, batch, batch.Predictors.Distinct().ToArray(), window: 30);
        var (projected, sinks, gradient) = (RandomTensors.Of(batch.TokenIds.Length, 64, 5), linspace(-1, 3, 4), zeros(4));
        var layer = new SinkAttention(attention, sinks, gradient);
        var (rows, trace) = layer.Forward(projected);
        var slope = RandomTensors.Of(rows.size(0), rows.size(1), 6);
        layer.Backward(trace, slope);
        for (var head = 0; head < 4; head++)
        {
            var direction = zeros(4);
            direction[head] = 1;
            double Along(float step) =>
                (attention.Forward(projected, sinks + direction * step).Rows.to(ScalarType.Float64) * slope).sum().item<double>();

            var expected = (Along(1e-2f) - Along(-1e-2f)) / 2e-2;

            Assert.Equal(expected, gradient[head].item<float>(), Math.Abs(expected) * 1e-3 + 1e-3);
        }
    }

    [Fact]
    public void Backward_equals_differences_of_the_output()
    {
        var (config, batch) = (TinyModel.Config(), Batch());
        var attention = Attention(config, batch, null);
        var projected = RandomTensors.Of(batch.TokenIds.Length, 64, 5);
        var (rows, trace) = attention.Forward(projected);
        var slope = RandomTensors.Of(rows.size(0), rows.size(1), 6);
        var gradient = attention.Backward(trace, slope);
        var direction = RandomTensors.Of(projected.size(0), projected.size(1), 7);
        double Along(float step) =>
            (attention.Forward(projected + direction * step).Rows.to(ScalarType.Float64) * slope).sum().item<double>();

        var expected = (Along(5e-3f) - Along(-5e-3f)) / 1e-2;

        Assert.Equal(expected, (gradient * direction).sum().item<float>(), Math.Abs(expected) * 1e-3 + 1e-3);
    }

    [Fact]
    public void Not_a_number_reaches_the_output_and_the_gradient()
    {
        var (config, batch) = (TinyModel.Config(), Batch());
        var attention = Attention(config, batch, null);
        var projected = RandomTensors.Of(batch.TokenIds.Length, 64, 5);
        projected.narrow(0, 0, 1).narrow(1, 32, 1).fill_(float.NaN);

        var (rows, trace) = attention.Forward(projected);

        Assert.True(float.IsNaN(rows.sum().item<float>()));
        Assert.True(float.IsNaN(attention.Backward(trace, ones_like(rows)).sum().item<float>()));
    }

    [Fact]
    public void Result_does_not_depend_on_the_threads()
    {
        var (config, batch) = (TinyModel.Config(kvHeads: 1), Batch());
        var (projected, slope) = (RandomTensors.Of(batch.TokenIds.Length, 48, 5), RandomTensors.Of(batch.TokenIds.Length, 32, 6));
        float[] OnThreads(int threads)
        {
            var before = get_num_threads();
            set_num_threads(threads);
            var attention = Attention(config, batch, null);
            var (rows, trace) = attention.Forward(projected);
            var gradient = attention.Backward(trace, slope);
            set_num_threads(before);
            return [.. Floats.Of(rows), .. Floats.Of(gradient)];
        }
        Assert.Equal(OnThreads(1), OnThreads(2));
    }

    [Fact]
    public void Backward_gradient_of_another_type_is_refused()
    {
        var (config, batch) = (TinyModel.Config(), Batch());
        var attention = Attention(config, batch, null);
        var (rows, trace) = attention.Forward(RandomTensors.Of(batch.TokenIds.Length, 64, 5, 1, ScalarType.BFloat16));

        var e = Assert.Throws<ArgumentException>(() => attention.Backward(trace, rows.to(ScalarType.Float32)));

        Assert.Contains("BFloat16", e.Message);
    }

    private static CpuAttention Attention(ModelConfig config, PackedBatch batch, int[]? rows, int window = 0) =>
        new(config, new(config, config.AttentionOf(0), batch), batch, rows, window);

    private static void AssertEqual(
        int heads, int kvHeads, int headDim, ScalarType type, bool wanted, double tolerance, int window = 0, Tensor? sinks = null)
    {
        var config = TinyModel.Config() with { Heads = heads, KvHeads = kvHeads, HeadDim = headDim, RopeDim = headDim / 4 * 2 };
        var batch = Batch();
        var rows = wanted ? batch.Predictors.Distinct().ToArray() : null;
        var (byTiles, onCpu) = (
            new TiledAttention(config, Rotations.Of(batch, config, config.AttentionOf(0), CPU), batch, rows, window, type, CPU),
            Attention(config, batch, rows, window));
        var projected = RandomTensors.Of(batch.TokenIds.Length, (heads + 2 * kvHeads) * headDim, 1, 2, type);

        var (ofTiles, onTheCpu) = (sinks is null ? null : zeros(heads), sinks is null ? null : zeros(heads));
        ITokenMixer With(IAttention attention, Tensor? gradient) =>
            sinks is null ? attention : new SinkAttention(attention, sinks, gradient);
        var (one, other) = (With(byTiles, ofTiles), With(onCpu, onTheCpu));
        var (expected, expectedTrace) = one.Forward(projected);
        var (actual, actualTrace) = other.Forward(projected);
        var slope = RandomTensors.Of(actual.size(0), actual.size(1), 2, 1, type);

        RandomTensors.AssertClose(expected, actual, tolerance, "rows");
        RandomTensors.AssertClose(one.Backward(expectedTrace, slope), other.Backward(actualTrace, slope), tolerance, "gradient");
        if (sinks is not null)
        {
            RandomTensors.AssertClose(ofTiles!, onTheCpu!, tolerance, "gradient of sinks");
        }
    }

    /// <summary>
    /// Prompts of one token, of several pieces and of several tiles and shares; branches of none, of few and of many rows; a prompt without
    /// a branch.
    /// </summary>
    private static PackedBatch Batch() => PackedBatch.Create(
    [
        new(TinyModel.Ids(1, 1), [TinyModel.Ids(3, 2), TinyModel.Ids(1, 3)]),
        new(TinyModel.Ids(70, 4), [TinyModel.Ids(60, 5), TinyModel.Ids(17, 6), TinyModel.Ids(18, 7)]),
        new(TinyModel.Ids(16, 8), []),
        new(TinyModel.Ids(300, 11), [TinyModel.Ids(290, 12), TinyModel.Ids(40, 13)]),
        new(TinyModel.Ids(5, 9), [TinyModel.Ids(2, 10)]),
    ]);
}

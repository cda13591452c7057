using IterativeDpo.Training.Tests.Torch.Cpu;
using IterativeDpo.Training.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Tests.Torch;

[Collection(nameof(ThreadCounts))]
public sealed class CausalConvolutionTests : IDisposable
{
    private const int Dim = 3, Taps = 4;

    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    /// <summary>Prompts and completions shorter than the kernel among them, and a prompt without completions' rows.</summary>
    private static PackedBatch Batch() => PackedBatch.Create([
        new(TinyModel.Ids(2, 1), [TinyModel.Ids(6, 2), TinyModel.Ids(2, 3), TinyModel.Ids(1, 4)]),
        new(TinyModel.Ids(7, 5), [TinyModel.Ids(3, 6), TinyModel.Ids(9, 7)]),
    ]);

    [Fact]
    public void Forward_of_a_branch_is_that_of_prompt_and_branch_alone()
    {
        var (batch, kernel) = (Batch(), RandomTensors.Of(Dim, Taps, 1));
        var projected = RandomTensors.Of(batch.TokenIds.Length, 3 * Dim, 2);

        var rows = Convolution(batch, kernel, null).Forward(projected).Rows;

        foreach (var run in PackedRun.AllOf(batch).Where(run => !run.IsPrompt))
        {
            int[] sequence =
            [
                .. Enumerable.Range(run.PromptStart, run.PromptEnd - run.PromptStart),
                .. Enumerable.Range(run.Start, run.Length),
            ];
            var parts = projected.index_select(0, Floats.Indexes(sequence, CPU)).chunk(3, 1);
            var inputs = nn.functional.pad((parts[0] * parts[2]).t(), [Taps - 1, 0]).unsqueeze(0);
            var expected = nn.functional.conv1d(inputs, kernel.unsqueeze(1), groups: Dim).squeeze(0).t() * parts[1];
            Assert.True((expected - rows.index_select(0, Floats.Indexes(sequence, CPU))).abs().max().item<float>() < 1e-6f);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Backward_equals_differences(bool someRows)
    {
        var (batch, kernel, kernelGradient) = (Batch(), RandomTensors.Of(Dim, Taps, 1), zeros(Dim, Taps));
        var projected = RandomTensors.Of(batch.TokenIds.Length, 3 * Dim, 2);
        int[]? kept = someRows ? [1, 4, 9] : null;
        var (direction, ofKernel) = (RandomTensors.Of(batch.TokenIds.Length, 3 * Dim, 3), RandomTensors.Of(Dim, Taps, 4));
        var slope = RandomTensors.Of(kept?.Length ?? batch.TokenIds.Length, Dim, 5);
        double Along(float step) =>
            (Convolution(batch, kernel + ofKernel * step, kept).Forward(projected + direction * step).Rows.to(ScalarType.Float64) * slope)
                .sum().item<double>();

        var convolution = Convolution(batch, kernel, kept, kernelGradient);
        var gradient = convolution.Backward(convolution.Forward(projected).Trace, slope);

        var expected = (8 * (Along(1e-2f) - Along(-1e-2f)) - (Along(2e-2f) - Along(-2e-2f))) / 12e-2;
        var actual = (gradient * direction).sum().item<float>() + (kernelGradient * ofKernel).sum().item<float>();
        Assert.Equal(expected, actual, Math.Abs(expected) * 1e-3 + 1e-3);
    }

    [Fact]
    public void Result_does_not_depend_on_the_threads()
    {
        var batch = PackedBatch.Create([new(TinyModel.Ids(300, 1), [TinyModel.Ids(200, 2), TinyModel.Ids(250, 3)])]);
        var (rows, dim) = (batch.TokenIds.Length, 256);
        var (kernel, projected) = (RandomTensors.Of(dim, Taps, 1), RandomTensors.Of(rows, 3 * dim, 2));
        float[] OnThreads(int threads)
        {
            var before = get_num_threads();
            set_num_threads(threads);
            var kernelGradient = zeros(dim, Taps);
            var convolution = Convolution(batch, kernel, null, kernelGradient);
            var (output, trace) = convolution.Forward(projected);
            var gradient = convolution.Backward(trace, output);
            set_num_threads(before);
            return [.. Floats.Of(output), .. Floats.Of(gradient), .. Floats.Of(kernelGradient)];
        }

        Assert.Equal(OnThreads(1), OnThreads(2));
    }

    private static CausalConvolution Convolution(PackedBatch batch, Tensor kernel, int[]? kept, Tensor? kernelGradient = null) =>
        new(new(batch, Taps - 1, CPU), kept is null ? null : Floats.Indexes(kept, CPU), kernel, kernelGradient);
}

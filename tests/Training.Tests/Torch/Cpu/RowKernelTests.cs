using IterativeDpo.Artifacts.Models;
using IterativeDpo.Training.Torch;
using IterativeDpo.Training.Torch.Cpu;
using TorchSharp;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Tests.Torch.Cpu;

/// <summary>
/// The gated unit and the norm equal autograd, in our own loops (widths of whole lanes) and in LibTorch's operations (others).
/// </summary>
[Collection(nameof(ThreadCounts))]
public sealed class RowKernelTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Theory]
    [InlineData(48, ScalarType.Float32, 1e-6)]
    [InlineData(48, ScalarType.BFloat16, 8e-3)]
    [InlineData(20, ScalarType.Float32, 1e-6)]
    [InlineData(20, ScalarType.BFloat16, 8e-3)]
    public void Gated_unit_equals_autograd(int inside, ScalarType type, double tolerance)
    {
        Assert.Equal(inside == 48, Lanes.Fill(inside));
        var both = RandomTensors.Of(900, 2 * inside, 1, 6, type);
        var gradient = RandomTensors.Of(900, inside, 2, 1, type);
        var leaf = RandomTensors.Leaf(both.to(ScalarType.Float32));
        var expected = nn.functional.silu(leaf.narrow(1, 0, inside)) * leaf.narrow(1, inside, inside);
        expected.backward([gradient.to(ScalarType.Float32)]);

        using var gradients = no_grad();
        foreach (var unit in new[] { new GatedUnit(GateKind.Silu, true), new GatedUnit(GateKind.Silu, false) })
        {
            RandomTensors.AssertClose(expected.detach(), unit.Forward(both), tolerance, "result");
            RandomTensors.AssertClose(leaf.grad!, unit.Backward(both, gradient), tolerance, "gradient");
        }
    }

    [Theory]
    [InlineData(48, ScalarType.Float32, 3e-6)]
    [InlineData(48, ScalarType.BFloat16, 8e-3)]
    [InlineData(20, ScalarType.BFloat16, 8e-3)]
    public void Gelu_unit_equals_autograd(int inside, ScalarType type, double tolerance)
    {
        var both = RandomTensors.Of(900, 2 * inside, 1, 6, type);
        var gradient = RandomTensors.Of(900, inside, 2, 1, type);
        var leaf = RandomTensors.Leaf(both.to(ScalarType.Float32));
        var gate = leaf.narrow(1, 0, inside);
        var expected =
            gate * 0.5 * (1 + (Math.Sqrt(2 / Math.PI) * (gate + 0.044715 * gate.pow(3))).tanh()) * leaf.narrow(1, inside, inside);
        expected.backward([gradient.to(ScalarType.Float32)]);

        using var gradients = no_grad();
        foreach (var ownLoops in new[] { true, false })
        {
            var unit = new GatedUnit(GateKind.Gelu, ownLoops);
            RandomTensors.AssertClose(expected.detach(), unit.Forward(both), tolerance, "result");
            RandomTensors.AssertClose(leaf.grad!, unit.Backward(both, gradient), tolerance, "gradient");
        }
    }

    [Theory]
    [InlineData(48, ScalarType.Float32, 3e-6)]
    [InlineData(48, ScalarType.BFloat16, 8e-3)]
    [InlineData(20, ScalarType.Float32, 3e-6)]
    [InlineData(20, ScalarType.BFloat16, 8e-3)]
    public void Clamped_unit_equals_autograd(int inside, ScalarType type, double tolerance)
    {
        var both = RandomTensors.Of(900, 2 * inside, 1, 12, type);
        both[0, 0] = 7;
        both[0, inside + 1] = -7;
        var gradient = RandomTensors.Of(900, inside, 2, 1, type);
        var leaf = RandomTensors.Leaf(both.to(ScalarType.Float32));
        var gate = leaf.narrow(1, 0, inside).clamp(max: 7);
        var expected = gate * (1.702 * gate).sigmoid() * (leaf.narrow(1, inside, inside).clamp(-7, 7) + 1);
        expected.backward([gradient.to(ScalarType.Float32)]);
        Assert.InRange(leaf.grad!.eq(0).to(ScalarType.Float32).mean().item<float>(), 0.2, 0.6);

        using var gradients = no_grad();
        foreach (var ownLoops in new[] { true, false })
        {
            var unit = new GatedUnit(GateKind.Clamped, ownLoops);
            RandomTensors.AssertClose(expected.detach(), unit.Forward(both), tolerance, "result");
            RandomTensors.AssertClose(leaf.grad!, unit.Backward(both, gradient), tolerance, "gradient");
        }
    }

    [Theory]
    [InlineData(48, ScalarType.Float32, true, 2e-6)]
    [InlineData(48, ScalarType.BFloat16, true, 8e-3)]
    [InlineData(48, ScalarType.Float32, false, 2e-6)]
    [InlineData(20, ScalarType.Float32, true, 2e-6)]
    [InlineData(20, ScalarType.BFloat16, false, 8e-3)]
    public void Norm_equals_autograd(int width, ScalarType type, bool withResidual, double tolerance)
    {
        var x = RandomTensors.Of(2000, width, 3, 3);
        var weight = RandomTensors.Of(1, width, 4).view(width);
        var gradient = RandomTensors.Of(2000, width, 5, 1, type);
        var residual = withResidual ? RandomTensors.Of(2000, width, 6) : null;
        var (leaf, weightLeaf) = (RandomTensors.Leaf(x), RandomTensors.Leaf(weight));
        var expected = leaf * (leaf.square().mean([-1], keepdim: true) + 1e-5f).pow(-0.5f) * weightLeaf;
        expected.backward([gradient.to(ScalarType.Float32)]);

        using var gradients = no_grad();
        foreach (var ownLoops in new[] { true, false })
        {
            var weightGradient = ones(width);
            var norm = new RmsNorm(weight, weightGradient, 1e-5f, ownLoops);
            var (sum, rows, factors) = norm.Forward(x, null, type);
            Assert.Same(x, sum);
            var back = norm.Backward(x, factors, gradient, residual);

            Assert.Equal(type, rows.dtype);
            RandomTensors.AssertClose(expected.detach(), rows, tolerance, "rows");
            RandomTensors.AssertClose(residual is null ? leaf.grad! : leaf.grad! + residual, back, tolerance, "gradient");
            RandomTensors.AssertClose(weightLeaf.grad! + 1, weightGradient, tolerance, "weight's gradient");
        }
    }

    [Theory]
    [InlineData(48, ScalarType.Float32)]
    [InlineData(48, ScalarType.BFloat16)]
    [InlineData(20, ScalarType.BFloat16)]
    public void Norm_of_a_sum_equals_that_of_what_was_added_up_before(int width, ScalarType type)
    {
        var (x, added, weight) = (
            RandomTensors.Of(900, width, 3, 3),
            RandomTensors.Of(900, width, 4, 1, type),
            RandomTensors.Of(1, width, 5).view(width));
        var before = Floats.Of(x);
        foreach (var ownLoops in new[] { true, false })
        {
            var norm = new RmsNorm(weight, null, 1e-5f, ownLoops);
            var (sum, rows, factors) = norm.Forward(x, added, type);
            var (_, expectedRows, expectedFactors) = norm.Forward(x + added, null, type);

            Assert.Equal(Floats.Of(x + added), Floats.Of(sum));
            Assert.Equal(Floats.Of(expectedRows), Floats.Of(rows));
            Assert.Equal(Floats.Of(expectedFactors), Floats.Of(factors));
            Assert.Equal(before, Floats.Of(x));
        }
    }

    [Fact]
    public void Results_do_not_depend_on_the_threads()
    {
        var (x, weight, gradient) = (RandomTensors.Of(3000, 32, 3), RandomTensors.Of(1, 32, 4).view(32), RandomTensors.Of(3000, 32, 5));
        float[] OnThreads(int threads)
        {
            var before = get_num_threads();
            set_num_threads(threads);
            var weightGradient = zeros(32);
            var norm = new RmsNorm(weight, weightGradient, 1e-5f, true);
            var back = norm.Backward(x, norm.Forward(x, null, ScalarType.Float32).Factors, gradient, null);
            set_num_threads(before);
            return [.. Floats.Of(back), .. Floats.Of(weightGradient)];
        }
        Assert.Equal(OnThreads(1), OnThreads(2));
    }

    [Fact]
    public void Not_a_number_stays_one()
    {
        var rows = full([2, 32], float.NaN).to(ScalarType.BFloat16);

        Assert.True(Floats.Of(new GatedUnit(GateKind.Silu, true).Forward(rows)).All(float.IsNaN));
        Assert.True(Floats.Of(new GatedUnit(GateKind.Silu, true).Backward(rows, ones([2, 16], ScalarType.BFloat16))).All(float.IsNaN));
        Assert.True(
            Floats
                .Of(new RmsNorm(ones(32), null, 0, true).Forward(rows.to(ScalarType.Float32), null, ScalarType.BFloat16).Rows)
                .All(float.IsNaN));
    }

    [Fact]
    public void Start_of_a_tensor_that_lies_otherwise_or_is_another_is_refused()
    {
        Assert.Contains(
            "not contiguous",
            Assert.Throws<ArgumentException>(() => CpuMemory.Start(zeros([3, 4]).t(), ScalarType.Float32, 4, 3)).Message);
        Assert.Contains("[3, 4]", Assert.Throws<ArgumentException>(() => CpuMemory.Start(zeros([3, 4]), ScalarType.Float32, 3, 5)).Message);
        Assert.Contains(
            "BFloat16",
            Assert.Throws<ArgumentException>(() => CpuMemory.Start(zeros([3, 4]), ScalarType.BFloat16, 3, 4)).Message);
        Assert.Throws<InvalidOperationException>(() => { using var scratch = new Scratch(31); scratch.Take(2, 16); });
    }
}

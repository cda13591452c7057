using System.Runtime.Intrinsics;
using IterativeDpo.Training.Torch;
using IterativeDpo.Training.Torch.Cpu;
using TorchSharp;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Tests.Torch.Cpu;

public sealed class LanesTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Exp_is_within_three_units_in_the_last_place()
    {
        for (var x = -87f; x < 87; x += 0.0137f)
        {
            var exact = Math.Exp(x);
            var unit = MathF.BitIncrement((float)exact) - (float)exact;
            Assert.True(Math.Abs(Exp(x) - exact) <= 3 * unit, $"e^{x} is {exact}, and not {Exp(x)}");
        }
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(-1000, 1.2192e-38)]
    [InlineData(float.NegativeInfinity, 1.2192e-38)]
    [InlineData(1000, 8.2018e37)]
    [InlineData(float.PositiveInfinity, 8.2018e37)]
    [InlineData(float.NaN, double.NaN)]
    public void Exp_at_the_ends(float x, double expected)
    {
        if (double.IsNaN(expected))
        {
            Assert.True(float.IsNaN(Exp(x)));
            return;
        }
        Assert.Equal(1, Exp(x) / expected, 1e-4);
    }

    [Fact]
    public unsafe void BFloat16_is_rounded_and_read_as_LibTorch_does()
    {
        float[] special =
        [
            0,
            -0f,
            1,
            1 + 1 / 256f,
            1 + 3 / 256f,
            1 + 1 / 256f + 1e-6f,
            -1 - 1 / 256f,
            float.MaxValue,
            float.MinValue,
            float.Epsilon,
            1e-40f,
            float.PositiveInfinity,
            float.NegativeInfinity,
            float.NaN,
            BitConverter.UInt32BitsToSingle(0x7F800001),
            BitConverter.UInt32BitsToSingle(0xFFFFFFFF),
        ];
        var random = new Random(1);
        float[] values = [.. special, .. Enumerable.Range(0, 160).Select(_ => BitConverter.Int32BitsToSingle(random.Next()))];
        var expected = Floats.Of(tensor(values).to(ScalarType.BFloat16));
        var stored = new ushort[values.Length];
        var (read, one) = (new float[values.Length], new float[values.Length]);
        fixed (float* from = values, to = read)
        fixed (ushort* at = stored)
        {
            for (var i = 0; i < values.Length; i += Lanes.Count)
            {
                BFloat16Element.Store(at, i, Lanes.Load(from + i));
                BFloat16Element.Load(at, i).Store(to + i);
            }
            for (var i = 0; i < values.Length; i++)
            {
                BFloat16Element.StoreOne(at, i, from[i]);
                one[i] = BFloat16Element.LoadOne(at, i);
            }
        }
        Assert.Equal(expected, read);
        Assert.Equal(expected, one);
    }

    private static float Exp(float x) => Lanes.Exp(Vector256.Create(x))[3];
}

using static TorchSharp.torch;

namespace IterativeDpo.Training.Tests.Torch.Cpu;

internal static class RandomTensors
{
    /// <summary>Values that look nothing like each other, between −<paramref name="range"/> and it.</summary>
    public static Tensor Of(long rows, long columns, ulong seed, float range = 1, ScalarType type = ScalarType.Float32)
    {
        var values = TinyModel.Ids((int)(rows * columns), seed);
        return (tensor(Array.ConvertAll(values, value => (float)value)).view(rows, columns) / 125f - 1).mul_(range).to(type);
    }

    public static Tensor Leaf(Tensor values) => values.detach().clone().requires_grad_();

    public static void AssertClose(Tensor expected, Tensor actual, double tolerance, string what)
    {
        Assert.Equal(expected.shape, actual.shape);
        var (e, a) = (expected.to(ScalarType.Float32), actual.to(ScalarType.Float32));
        var difference = (e - a).abs().max().item<float>() / Math.Max(1, e.abs().max().item<float>());
        Assert.True(difference <= tolerance, $"{what}: differs by {difference}");
    }
}

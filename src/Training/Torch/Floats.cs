using TorchSharp;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>Tensors as arrays of this program.</summary>
internal static class Floats
{
    /// <summary>A tensor's values as float32, row-major.</summary>
    public static float[] Of(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        return tensor.detach().to(ScalarType.Float32).cpu().contiguous().data<float>().ToArray();
    }

    /// <summary>Arrays behind each other.</summary>
    public static float[] Join(IReadOnlyList<float[]> parts)
    {
        if (parts is [var only])
        {
            return only;
        }
        var result = new float[parts.Sum(part => part.Length)];
        var start = 0;
        foreach (var part in parts)
        {
            part.CopyTo(result, start);
            start += part.Length;
        }
        return result;
    }

    /// <summary>An array as a tensor of integers on a device.</summary>
    public static Tensor Indexes(IEnumerable<int> values, Device device) =>
        torch.tensor(values.Select(value => (long)value).ToArray()).to(device);
}

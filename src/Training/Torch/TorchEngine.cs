using TorchSharp;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>What LibTorch says of itself here.</summary>
public static class TorchEngine
{
    /// <summary>Multiplies two small matrices and names the device they were on.</summary>
    /// <exception cref="InvalidOperationException">The product is wrong.</exception>
    public static string Probe()
    {
        using var scope = NewDisposeScope();
        var gpu = cuda.is_available();
        var twos = full([2, 2], 2f, device: device(gpu ? DeviceType.CUDA : DeviceType.CPU));
        var product = mm(twos, twos).sum().item<float>();
        return product == 32
            ? gpu ? "CUDA" : "CPU"
            : throw new InvalidOperationException($"LibTorch computed {product} where 32 is right.");
    }
}

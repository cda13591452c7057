using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Gguf;
using TorchSharp;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>The trainer's forward pass of some tokens.</summary>
public static class TorchLogits
{
    /// <summary>Logits after each token, [tokens][vocabulary].</summary>
    /// <param name="ids">At least one.</param>
    /// <exception cref="UserInputException">The file is missing, damaged, or not a model that is trained.</exception>
    public static float[][] Compute(string modelPath, int[] ids, ComputeType type, int threads)
    {
        TorchEngine.Start(threads);
        using var gradients = no_grad();
        using var scope = NewDisposeScope();
        using var file = GgufFile.Open(modelPath);
        using var model = PolicyModel.Load(
            file,
            type,
            trainable: false,
            torch.device(cuda.is_available() ? DeviceType.CUDA : DeviceType.CPU));
        // A completion's last token is no input: one more, whatever it is.
        var batch = PackedBatch.Create([new(ids[..1], [[.. ids[1..], ids[0]]])]);
        var logits = model.Logits(model.Hidden(model.Upload(batch), null));
        return [.. Floats.Of(logits).Chunk(model.Config.VocabSize)];
    }
}

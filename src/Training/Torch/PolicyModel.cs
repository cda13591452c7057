using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Training.Torch.Cpu;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// The decoder that every supported architecture is: RMS norms, rotary embedding, grouped heads, gated feed-forward. One
/// definition for all of them, shaped by <see cref="ModelConfig"/> and its <see cref="ModelArchitecture"/>. Products run in the compute
/// type; the residual stream, norms, statistics and log-probs in float32.
/// </summary>
public sealed class PolicyModel : IDisposable
{
    private readonly ModelWeights _weights;

    /// <param name="stored">Gives matrices that stay quantised, see <see cref="ModelWeights"/>.</param>
    internal PolicyModel(
        ModelConfig config,
        Func<WeightPart, float[]> read,
        Func<WeightPart, StoredMatrix?> stored,
        ComputeType computeType,
        bool trainable,
        Device device)
    {
        Config = config;
        Device = device;
        OwnLoops = CpuMemory.Holds(device) ? OwnLoops.All : OwnLoops.None;
        _weights = new(
            config,
            read,
            stored,
            computeType == ComputeType.BFloat16 ? ScalarType.BFloat16 : ScalarType.Float32,
            trainable,
            device);
    }

    public ModelConfig Config { get; }

    public Device Device { get; }

    /// <summary>
    /// Whether a forward pass keeps the blocks' inputs only and computes the rest again on the way back: a third more time, much less
    /// memory.
    /// </summary>
    public bool GradientCheckpointing { get; set; }

    /// <summary>The thoughts that are not learned; null: all of a completion is.</summary>
    public ThoughtMarks? Unlearned { get; set; }

    internal OwnLoops OwnLoops { get; set; }

    /// <summary>The model's weights, where they are trained; null where they are frozen (under an adapter).</summary>
    public ParameterBuffer? Parameters => _weights.Parameters;

    /// <summary>Reads a model file. What is trained is dequantised; quantised weights that stay frozen are kept as they are.</summary>
    public static PolicyModel Load(GgufFile file, ComputeType computeType, bool trainable, Device device) => new(
        ModelConfig.Read(file),
        part => file.ReadFloat32(StoredMatrix.PlaceOf(file, part)),
        part => StoredMatrix.Of(file, part),
        computeType,
        trainable,
        device);

    /// <summary>Builds a model from weights given by their names in a file, row-major.</summary>
    public static PolicyModel Create(
        ModelConfig config,
        Func<string, float[]> weights,
        ComputeType computeType,
        bool trainable,
        Device device
    ) => new(config, part => part.Of(weights(part.Name)), _ => null, computeType, trainable, device);

    /// <summary>A trained weight by its name in a file, row-major.</summary>
    public float[] Values(string name) => _weights.Values(name);

    /// <summary>
    /// Computes each completion token's log-prob, ready for a gradient. Call inside a dispose scope, which takes what is left.
    /// </summary>
    /// <param name="lora">The adapter on the model, or null.</param>
    /// <param name="confidences">Whether <see cref="HeadOutput.Confidences"/> are wanted.</param>
    /// <param name="dropout">On the adapter's inputs, or null.</param>
    /// <param name="routers">What is asked of the experts, or null; of a dense model nothing is.</param>
    internal ForwardPass Forward(
        PackedBatch batch, LoraWeights? lora, bool confidences = false, LoraDropout? dropout = null, RouterQuestion? routers = null)
    {
        using var gradients = no_grad();
        // The auxiliary loss is of every token in every block.
        var tensors = Upload(batch, wholeBlocks: routers is { AuxCoefficient: not 0 } && Config.Experts is not null);
        var load = Config.Experts is { } experts && routers is not null
            ? new RouterLoad(routers, tensors, Config.Layers, experts.Count)
            : null;
        var body = new Decoder(Config, _weights, lora, dropout, OwnLoops, load).Start(tensors, GradientCheckpointing);
        return new(tensors, body, _weights.Matrix(HeadName), _weights.Gradient(HeadName), confidences, Config.LogitCap) { Load = load };
    }

    /// <inheritdoc cref="Forward(PackedBatch, LoraWeights?, bool, LoraDropout?, RouterQuestion?)"/>
    public ForwardPass Forward(PackedBatch batch) => Forward(batch, null);

    /// <summary>Each completion token's log-prob without a gradient, float32 [M].</summary>
    internal Tensor TokenLogProbs(PackedBatch batch, LoraWeights? lora)
    {
        using var gradients = no_grad();
        using var scope = NewDisposeScope();
        var tensors = Upload(batch);
        return ChunkedHead.LogProbs(Head, Hidden(tensors, lora), tensors.Targets, Config.LogitCap).MoveToOuterDisposeScope();
    }

    internal BatchTensors Upload(PackedBatch batch, bool wholeBlocks = false) =>
        new(batch, Config, _weights.Type, Device, OwnLoops.HasFlag(OwnLoops.Attention), wholeBlocks);

    public void Dispose() => _weights.Dispose();

    internal ModelWeights Weights => _weights;

    /// <summary>The output map in the compute type, [V, dim].</summary>
    internal Tensor Head => _weights.Matrix(HeadName);

    /// <summary>Normalised hidden rows, one for each completion token, float32 [M, dim].</summary>
    internal Tensor Hidden(BatchTensors batch, LoraWeights? lora)
    {
        using var gradients = no_grad();
        return new Decoder(Config, _weights, lora, null, OwnLoops).Forward(batch);
    }

    /// <summary>float32 [M, V], of what <see cref="Hidden"/> gives.</summary>
    internal Tensor Logits(Tensor hidden) => ChunkedHead.Logits(Head, hidden, Config.LogitCap);

    private string HeadName => Config.TiedEmbeddings ? ModelConfig.Embedding : ModelConfig.Output;
}

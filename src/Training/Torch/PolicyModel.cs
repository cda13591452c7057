using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// The decoder that every supported architecture is: RMS norms, rotary embedding, grouped heads, gated feed-forward. One
/// definition for all of them, shaped by <see cref="ModelConfig"/>. Products run in the compute type; the residual
/// stream, norms, statistics and log-probs in float32.
/// </summary>
public sealed class PolicyModel : IDisposable
{
    private readonly ModelWeights _weights;
    private readonly ScalarType _type;
    private readonly Device _device;

    private PolicyModel(ModelConfig config, Func<string, float[]> read, ComputeType computeType, bool trainable, Device device)
    {
        Config = config;
        _type = computeType == ComputeType.BFloat16 ? ScalarType.BFloat16 : ScalarType.Float32;
        _device = device;
        _weights = new(config, read, _type, trainable, device);
    }

    public ModelConfig Config { get; }

    public Device Device => _device;

    /// <summary>The model's weights, where they are trained; null where they are frozen (under an adapter).</summary>
    public ParameterBuffer? Parameters => _weights.Parameters;

    /// <summary>Reads a model file, dequantising its weights.</summary>
    public static PolicyModel Load(GgufFile file, ComputeType computeType, bool trainable, Device device) =>
        Create(ModelConfig.Read(file), name => file.ReadFloat32(file.Tensors[name]), computeType, trainable, device);

    /// <summary>Builds a model from weights given by their names in a file, row-major.</summary>
    public static PolicyModel Create(ModelConfig config, Func<string, float[]> weights, ComputeType computeType, bool trainable, Device device) =>
        new(config, weights, computeType, trainable, device);

    /// <summary>Every weight by its name in a file, row-major.</summary>
    public IEnumerable<(string Name, int[] Shape, float[] Values)> Export() => _weights.Export();

    /// <summary>
    /// Computes each completion token's log-prob, ready for a gradient. Call inside a dispose scope, which takes what is left.
    /// </summary>
    /// <param name="lora">The adapter on the model, or null.</param>
    /// <param name="confidences">Whether <see cref="HeadOutput.Confidences"/> are wanted.</param>
    internal ForwardPass Forward(PackedBatch batch, LoraWeights? lora, bool confidences = false)
    {
        var tensors = Upload(batch);
        var hidden = Hidden(tensors, lora);
        return new(tensors, hidden, Head, Parameters?.Gradient(Config.TiedEmbeddings ? ModelConfig.Embedding : ModelConfig.Output), _type, confidences);
    }

    /// <inheritdoc cref="Forward(PackedBatch, LoraWeights?, bool)"/>
    public ForwardPass Forward(PackedBatch batch) => Forward(batch, null);

    /// <summary>Each completion token's log-prob without a gradient, float32 [M].</summary>
    internal Tensor TokenLogProbs(PackedBatch batch, LoraWeights? lora)
    {
        using var gradients = no_grad();
        using var scope = NewDisposeScope();
        var tensors = Upload(batch);
        return ChunkedHead.LogProbs(Head.to(_type), Hidden(tensors, lora), tensors.Targets).MoveToOuterDisposeScope();
    }

    internal BatchTensors Upload(PackedBatch batch) => new(batch, Config, _type, _device);

    public void Dispose() => _weights.Dispose();

    /// <summary>The output map, [V, dim].</summary>
    internal Tensor Head => _weights[Config.TiedEmbeddings ? ModelConfig.Embedding : ModelConfig.Output];

    /// <summary>Normalised hidden rows, one for each completion token, float32 [M, dim].</summary>
    internal Tensor Hidden(BatchTensors batch, LoraWeights? lora)
    {
        var x = _weights[ModelConfig.Embedding].index_select(0, batch.TokenIds).to(ScalarType.Float32); // [N, dim]
        for (var layer = 0; layer < Config.Layers; layer++)
        {
            x = Block(x, batch, layer, lora);
        }
        return Norm(x, _weights[ModelConfig.OutputNorm]).index_select(0, batch.Predictors);
    }

    /// <summary>[N, dim] to [N, dim]; the last block to [K, dim], the rows that predict.</summary>
    private Tensor Block(Tensor x, BatchTensors batch, int layer, LoraWeights? lora)
    {
        // What the gradient needs stays alive in its graph; the rest goes at once.
        using var scope = NewDisposeScope();
        var last = layer == Config.Layers - 1;
        var attended = Attention(x, batch, layer, last ? batch.SlotOfPredictingRow : batch.SlotOfRow, lora);
        var middle = (last ? x.index_select(0, batch.PredictingRows) : x) + attended;
        return (middle + FeedForward(middle, layer, lora)).MoveToOuterDisposeScope();
    }

    /// <param name="slots">The places of the rows wanted, [K].</param>
    private Tensor Attention(Tensor x, BatchTensors batch, int layer, Tensor slots, LoraWeights? lora)
    {
        int heads = Config.Heads, kvHeads = Config.KvHeads, headDim = Config.HeadDim, group = heads / kvHeads;
        long groups = batch.Groups, width = batch.Width;
        var qkv = Map(Norm(x, Weight(layer, WeightLayout.AttentionNorm)), layer, WeightLayout.Qkv, lora); // [N, (heads + 2 kvHeads) headDim]
        var rotated = Rotate(qkv.narrow(1, 0, (heads + kvHeads) * headDim), batch.Rotation);
        var values = qkv.narrow(1, (heads + kvHeads) * headDim, kvHeads * headDim);
        var rectangle = cat([rotated, values], 1).index_select(0, batch.RowOfSlot).view(groups, width, heads + 2 * kvHeads, headDim);
        // Query heads that share a key head are rows of one product: no key or value is copied for them.
        var q = rectangle.narrow(2, 0, heads).view(groups, width, kvHeads, group, headDim)
            .permute(0, 2, 3, 1, 4).reshape(groups, kvHeads, group * width, headDim);
        var k = rectangle.narrow(2, heads, kvHeads).transpose(1, 2);
        var v = rectangle.narrow(2, heads + kvHeads, kvHeads).transpose(1, 2);
        var attended = nn.functional.scaled_dot_product_attention(q, k, v, batch.Mask)
            .view(groups, kvHeads, group, width, headDim).permute(0, 3, 1, 2, 4).reshape(groups * width, heads * headDim);
        return Map(attended.index_select(0, slots), layer, WeightLayout.AttentionOutput, lora).to(ScalarType.Float32);
    }

    private Tensor FeedForward(Tensor x, int layer, LoraWeights? lora)
    {
        var both = Map(Norm(x, Weight(layer, WeightLayout.FeedForwardNorm)), layer, WeightLayout.GateUp, lora).chunk(2, 1);
        return Map(nn.functional.silu(both[0]) * both[1], layer, WeightLayout.Down, lora).to(ScalarType.Float32);
    }

    /// <summary>y = W x + b + scale · B A x, in the compute type.</summary>
    private Tensor Map(Tensor x, int layer, string map, LoraWeights? lora)
    {
        x = x.to(_type);
        var name = WeightLayout.Name(layer, map);
        var bias = map == WeightLayout.Qkv ? _weights.Find(WeightLayout.Name(layer, WeightLayout.QkvBias)) : null;
        var y = nn.functional.linear(x, _weights[name].to(_type), bias?.to(_type));
        if (lora?.On(name) is not { } adapter)
        {
            return y;
        }
        var b = adapter.B.Count == 1 ? adapter.B[0] : block_diag([.. adapter.B]);
        return addmm(y, nn.functional.linear(x, adapter.A.to(_type)), b.to(_type).t(), 1, adapter.Scale);
    }

    private Tensor Norm(Tensor x, Tensor weight) => x * (x.pow(2).mean([-1], keepdim: true) + Config.RmsEps).rsqrt() * weight;

    /// <summary>Turns each pair of elements, as a complex number, by its row's angle; gives the compute type.</summary>
    private Tensor Rotate(Tensor x, Tensor rotation)
    {
        var pairs = x.to(ScalarType.Float32).view(x.size(0), -1, Config.HeadDim / 2, 2).view_as_complex();
        return (pairs * rotation).view_as_real().view(x.size(0), -1).to(_type);
    }

    private Tensor Weight(int layer, string name) => _weights[WeightLayout.Name(layer, name)];
}

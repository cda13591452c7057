using IterativeDpo.Artifacts.Models;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// The body of the model, from token ids to normalised hidden rows, and its backward pass, which is written out: it keeps
/// what it needs and no more, and gives back each block's memory as soon as that is done.
/// </summary>
internal sealed class Decoder
{
    private readonly ModelConfig _config;
    private readonly ModelWeights _weights;
    private readonly IReadOnlyList<DecoderBlock> _blocks;
    private readonly RmsNorm _norm;
    private readonly OwnLoops _ownLoops;
    private readonly RouterLoad? _load;

    /// <param name="load">Sees where experts' tokens go, or null.</param>
    public Decoder(
        ModelConfig config, ModelWeights weights, LoraWeights? lora, LoraDropout? dropout, OwnLoops ownLoops, RouterLoad? load = null)
    {
        (_config, _weights, _ownLoops, _load) = (config, weights, ownLoops, load);
        _norm = Norm(ModelConfig.OutputNorm);
        _blocks = [.. Enumerable.Range(0, config.Layers).Select(layer => Block(layer, lora, dropout))];
    }

    /// <summary>Normalised hidden rows without a way back, one for each completion token, float32 [M, dim].</summary>
    public Tensor Forward(BatchTensors batch)
    {
        using var scope = NewDisposeScope();
        var (x, added) = (Embed(batch), (Tensor?)null);
        for (var layer = 0; layer < _blocks.Count; layer++)
        {
            using var block = NewDisposeScope();
            block.Attach(added is null ? [x] : [x, added]);
            (added, var trace) = _blocks[layer].Forward(x, added, batch.RowsOf(layer));
            x = trace.FeedForward.Input;
            block.MoveToOuter(x, added);
        }
        return Predicting(_norm.Forward(x + added!, null, ScalarType.Float32).Rows, batch).MoveToOuterDisposeScope();
    }

    /// <inheritdoc cref="Forward"/>
    /// <param name="checkpoint">Keep each block's input only, and run the block again on the way back: less memory, more time.</param>
    public DecoderPass Start(BatchTensors batch, bool checkpoint) => new(this, batch, checkpoint);

    internal IReadOnlyList<DecoderBlock> Blocks => _blocks;

    internal RmsNorm OutputNorm => _norm;

    /// <summary>[N, dim].</summary>
    internal Tensor Embed(BatchTensors batch)
    {
        var rows = _weights.RowsOf(ModelConfig.Embedding, batch.TokenIds);
        return EmbeddingScale == 1 ? rows : rows.mul_(EmbeddingScale);
    }

    /// <summary>What the head reads, one row for each completion token: logits' divisor included.</summary>
    /// <param name="rows">Normalised, [K, dim].</param>
    internal Tensor Predicting(Tensor rows, BatchTensors batch)
    {
        var predicting = rows.index_select(0, batch.Predictors);
        return HiddenScale == 1 ? predicting : predicting.mul_(HiddenScale);
    }

    internal float EmbeddingScale => _config.EmbeddingScale;

    internal float HiddenScale => 1 / _config.LogitDivisor;

    /// <summary>Where the gradient of the embedding is added, or null where it is frozen.</summary>
    internal Tensor? EmbeddingGradient => _weights.Gradient(ModelConfig.Embedding);

    private DecoderBlock Block(int layer, LoraWeights? lora, LoraDropout? dropout)
    {
        string Name(string map) => WeightLayout.Name(layer, map);
        LinearMap Biased(string map, string? bias) => new(_weights, Name(map), bias, lora?.On(Name(map)), dropout);
        LinearMap Map(string map, MapBiases biases) => Biased(map, _config.Biases.HasFlag(biases) ? Name(WeightLayout.Bias(map)) : null);
        LinearMap Expert(string map) => map == ExpertLayout.SharedGate ? Biased(map, null) : Map(map, MapBiases.FeedForward);
        var (convolves, hasNet) = (_config.Convolves(layer), _config.HasDeltaNet(layer));
        var (inputs, outputs) = convolves ? (ShortConvolution.Input, ShortConvolution.Output)
            : hasNet ? (WeightLayout.DeltaInput, GatedDeltaNet.Output)
            : (WeightLayout.Qkv, WeightLayout.AttentionOutput);
        var (qkv, output) = (Map(inputs, MapBiases.Qkv), Map(outputs, MapBiases.AttentionOutput));
        var family = _config.Architecture;
        RmsNorm Before(string norm) => family.NormsBefore ? Norm(Name(norm)) : new(null, null, 0, false);
        BranchEnd End(string norm) => new(family.NormsAfter ? Norm(Name(norm)) : null, _config.ResidualScale);
        var heads =
            !_config.Attends(layer) || family.QkNorm == QkNorm.None
                ? null
                : new HeadNorms(Norm(Name(WeightLayout.QueryNorm)), Norm(Name(WeightLayout.KeyNorm)), _config);
        var unit = new GatedUnit(family.Gate, _ownLoops.HasFlag(OwnLoops.Gates));
        IFeedForward inside = _config.Experts is null
            ? new GatedFeedForward(Map(WeightLayout.GateUp, MapBiases.FeedForward), unit, Map(WeightLayout.Down, MapBiases.FeedForward))
            : ExpertFeedForward.Of(_config, layer, Expert, unit, _load, _weights.Type);
        return new(
            new(
                Before(WeightLayout.AttentionNorm),
                qkv,
                heads,
                convolves ? Convolution(Name(ShortConvolution.Kernel))
                : hasNet ? DeltaNet(layer)
                : family.HasSinks ? Sinking(Name(ModelConfig.Sinks))
                : Attention,
                output,
                End(WeightLayout.AttentionEndNorm),
                _weights.Type),
            new(Before(family.FeedForwardNorm), inside, End(WeightLayout.FeedForwardEndNorm), _weights.Type));
    }

    private ITokenMixer Attention(BlockRows rows) =>
        _config.Architecture.GatedAttention
            ? new GatedAttention(rows.Attention!, rows.Kept, _config.Heads * _config.HeadDim)
            : rows.Attention!;

    private Func<BlockRows, ITokenMixer> DeltaNet(int layer)
    {
        (Tensor, Tensor?) Weight(string name) => (_weights[name], _weights.Gradient(name));
        string Name(string weight) => WeightLayout.Name(layer, weight);
        var weights = new DeltaNetWeights(
            Weight(Name(GatedDeltaNet.Kernel)),
            Weight(Name(GatedDeltaNet.Step)),
            Weight(Name(GatedDeltaNet.Decay)),
            Weight(Name(GatedDeltaNet.Norm)));
        return rows => new DeltaNetMixer(_config.DeltaNet!, rows.Deltas!, rows.History!, rows.Kept, weights, _config.RmsEps);
    }

    private Func<BlockRows, ITokenMixer> Convolution(string kernel) =>
        rows => new CausalConvolution(rows.History!, rows.Kept, _weights[kernel], _weights.Gradient(kernel));

    private Func<BlockRows, ITokenMixer> Sinking(string sinks) =>
        rows => new SinkAttention(rows.Attention!, _weights[sinks], _weights.Gradient(sinks));

    private RmsNorm Norm(string name) => new(_weights[name], _weights.Gradient(name), _config.RmsEps, _ownLoops.HasFlag(OwnLoops.Norms));
}

using IterativeDpo.Artifacts.Models;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace IterativeDpo.Training.Torch.Peers;

/// <summary>
/// The model of <c>bench/peers/torch_dpo_step.py</c>, operation by operation: autograd through everything, the logits of every position,
/// nothing fused. It knows llama, which is the script's, and qwen3 and gemma3 beside it. It belongs to the dispose scope that it is made
/// in.
/// </summary>
/// <remarks>
/// Python frees a tensor with its last name; here a dispose scope around each few operations does, so that what a pass keeps is what
/// autograd keeps.
/// </remarks>
internal sealed class EagerModel
{
    private readonly ModelConfig _config;
    private readonly Dictionary<string, Parameter> _weights;
    private readonly Dictionary<string, (Parameter A, Parameter B)> _adapters = [];
    private readonly float _scale;
    private readonly bool _bfloat16;
    private readonly Dictionary<float, (Tensor Cos, Tensor Sin)> _turns; // by θ, [context, headDim / 2]

    /// <param name="config">Of llama, qwen3 or gemma3, without biases, scaled positions and capped logits.</param>
    /// <param name="read">Gives a tensor's values, row-major; the rows of q and k maps in the half-split order.</param>
    /// <param name="lora">Rank and scale of the adapter on every map of a block; null trains every weight.</param>
    /// <param name="readA">Gives the adapter's A on a map, [rank, in]; its B is zero.</param>
    /// <param name="bfloat16">Whether products are bfloat16 as under PyTorch's autocast, which TorchSharp lacks: the same operations, cast
    /// by hand.</param>
    public EagerModel(ModelConfig config, Func<string, float[]> read, LoraOptions? lora, Func<string, float[]> readA, bool bfloat16)
    {
        (_config, _bfloat16) = (config, bfloat16);
        Parameter Weight(TensorSpec spec) =>
            new(tensor(read(spec.Name)).view([.. spec.Shape.Select(size => (long)size)]), requires_grad: lora is null);
        _weights = config.ListTensors().ToDictionary(spec => spec.Name, Weight);
        if (lora is not null)
        {
            _scale = lora.FileAlpha / lora.Rank;
            _adapters = config.ListBlockMaps().ToDictionary(spec => spec.Name, spec => (
                new Parameter(tensor(readA(spec.Name)).view(lora.Rank, spec.Shape[1])), new Parameter(zeros(spec.Shape[0], lora.Rank))));
        }
        _turns = Enumerable
            .Range(0, config.Layers)
            .Select(layer => config.AttentionOf(layer).RopeBase)
            .Distinct()
            .ToDictionary(theta => theta, theta =>
            {
                var powers = Enumerable.Range(0, config.HeadDim / 2).Select(i => (float)Math.Pow(theta, -2.0 * i / config.HeadDim));
                var angles = outer(arange(config.ContextLength, ScalarType.Float32), tensor(powers.ToArray()));
                return (angles.cos(), angles.sin());
            });
    }

    /// <summary>What a step changes.</summary>
    public IEnumerable<Parameter> Trained =>
        _adapters.Count == 0 ? _weights.Values : _adapters.Values.SelectMany(adapter => new[] { adapter.A, adapter.B });

    /// <summary>Each completion's log-prob, float32 [2P].</summary>
    /// <param name="adapters">Whether the adapters are on.</param>
    public Tensor LogProbs(EagerBatch batch, bool adapters)
    {
        using var scope = NewDisposeScope();
        var places = batch.Ids.size(1) - 1;
        var logits = Logits(batch, adapters).to(ScalarType.Float32).narrow(1, 0, places); // [2P, T - 1, V]
        var labels = batch.Ids.narrow(1, 1, places).unsqueeze(-1);
        var tokens = logits.gather(-1, labels).squeeze(-1) - logits.logsumexp(-1); // [2P, T - 1]
        return (tokens * batch.Completion.narrow(1, 1, places)).sum(1).MoveToOuterDisposeScope();
    }

    private Tensor Logits(EagerBatch batch, bool adapters)
    {
        using var scope = NewDisposeScope();
        var masks = Enumerable
            .Range(0, _config.Layers)
            .Select(layer => _config.AttentionOf(layer).Window)
            .Distinct()
            .ToDictionary(window => window, window => Mask(batch.Attention, window));
        // What PyTorch's embedding is inside; TorchSharp has it as a module only.
        var x = _weights[ModelConfig.Embedding]
            .index_select(0, batch.Ids.flatten())
            .view(batch.Ids.size(0), batch.Ids.size(1), _config.Dim); // [2P, T, dim]
        x = _config.EmbeddingScale == 1 ? x : x * _config.EmbeddingScale;
        for (var layer = 0; layer < _config.Layers; layer++)
        {
            var next = Block(x, masks[_config.AttentionOf(layer).Window], layer, adapters);
            x.Dispose();
            x = next;
        }
        var output = _weights[_config.TiedEmbeddings ? ModelConfig.Embedding : ModelConfig.Output];
        return Linear(Norm(x, ModelConfig.OutputNorm), output).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Zero where a row may look and the least number elsewhere, [2P, 1, T, T]: within a window padding may see padding alone, and a
    /// softmax of −∞ is no number.
    /// </summary>
    /// <param name="window">See <see cref="BlockAttention"/>.</param>
    private static Tensor Mask(Tensor attention, int window)
    {
        using var scope = NewDisposeScope();
        var (rows, length) = (attention.size(0), attention.size(1));
        var causal = full(length, length, float.NegativeInfinity).triu(1);
        causal = window == 0 ? causal : causal + full(length, length, float.NegativeInfinity).tril(-window);
        var padding = zeros(rows, 1, 1, length).masked_fill(attention.view(rows, 1, 1, length) == 0, float.NegativeInfinity);
        return (causal + padding).clamp_min_(float.MinValue).MoveToOuterDisposeScope();
    }

    private Tensor Block(Tensor x, Tensor mask, int layer, bool adapters)
    {
        using var scope = NewDisposeScope();
        string Name(string tensor) => ModelConfig.BlockTensor(layer, tensor + ".weight");
        Tensor Map(Tensor input, string map) => Adapted(input, Name(map), adapters);
        Tensor Ended(Tensor branch, string norm) => _config.Architecture.NormsAfter ? Norm(branch, Name(norm)) : branch;
        x = x + Ended(Attention(Norm(x, Name("attn_norm")), mask, layer, Map), "post_attention_norm");
        var h = Norm(x, Name("ffn_norm"));
        var gate = Map(h, "ffn_gate");
        var gated = _config.Architecture.Gate == GateKind.Gelu
            ? functional.gelu(gate, TorchSharp.Modules.GELU.Approximate.tanh)
            : functional.silu(gate);
        return (x + Ended(Map(gated * Map(h, "ffn_up"), "ffn_down"), "post_ffw_norm")).MoveToOuterDisposeScope();
    }

    private Tensor Attention(Tensor h, Tensor mask, int layer, Func<Tensor, string, Tensor> map)
    {
        using var scope = NewDisposeScope();
        var (rows, length) = (h.size(0), h.size(1));
        // [2P, heads, T, headDim]
        Tensor Heads(string name, int heads) => map(h, name).view(rows, length, heads, _config.HeadDim).transpose(1, 2);
        Tensor Normed(Tensor x, string name) =>
            _config.Architecture.QkNorm == QkNorm.Head ? Norm(x, ModelConfig.BlockTensor(layer, $"{name}_norm.weight")) : x;
        var (repeats, turns) = (_config.Heads / _config.KvHeads, _turns[_config.AttentionOf(layer).RopeBase]);
        var q = Rotated(Normed(Heads("attn_q", _config.Heads), "attn_q"), turns);
        var k = Rotated(Normed(Heads("attn_k", _config.KvHeads), "attn_k"), turns).repeat_interleave(repeats, 1);
        var v = Heads("attn_v", _config.KvHeads).repeat_interleave(repeats, 1);
        var mixed = Cast(Weights(q, k, mask)).matmul(Cast(v)).transpose(1, 2).reshape(rows, length, -1); // [2P, T, heads · headDim]
        return map(mixed, "attn_output").MoveToOuterDisposeScope();
    }

    /// <summary>What each position takes of the others, [2P, heads, T, T].</summary>
    private Tensor Weights(Tensor q, Tensor k, Tensor mask)
    {
        using var scope = NewDisposeScope();
        var scores = Cast(q).matmul(Cast(k.transpose(-1, -2))) / Math.Sqrt(_config.HeadDim);
        return (scores + mask).softmax(-1).MoveToOuterDisposeScope();
    }

    private static Tensor Rotated(Tensor x, (Tensor Cos, Tensor Sin) turns)
    {
        using var scope = NewDisposeScope();
        var (length, half) = (x.size(2), x.size(3) / 2);
        var (cos, sin) = (turns.Cos.narrow(0, 0, length), turns.Sin.narrow(0, 0, length)); // [T, headDim / 2]
        var (first, second) = (x.narrow(-1, 0, half), x.narrow(-1, half, half));
        return cat([first * cos - second * sin, second * cos + first * sin], -1).MoveToOuterDisposeScope();
    }

    /// <summary>y = W x, and + scale · B A x under the adapter.</summary>
    private Tensor Adapted(Tensor x, string name, bool adapters)
    {
        using var scope = NewDisposeScope();
        var y = Linear(x, _weights[name]);
        var result = adapters && _adapters.TryGetValue(name, out var adapter) ? y + Linear(Linear(x, adapter.A), adapter.B) * _scale : y;
        return result.MoveToOuterDisposeScope();
    }

    private Tensor Norm(Tensor x, string name)
    {
        using var scope = NewDisposeScope();
        return (x * (x.pow(2).mean([-1], keepdim: true) + _config.RmsEps).rsqrt() * _weights[name]).MoveToOuterDisposeScope();
    }

    private Tensor Linear(Tensor x, Tensor weight) => functional.linear(Cast(x), Cast(weight));

    /// <summary>An operand of a product: autocast gives each its own cast too, and casts nothing that is bfloat16 already.</summary>
    private Tensor Cast(Tensor operand) => _bfloat16 ? operand.to(ScalarType.BFloat16) : operand;
}

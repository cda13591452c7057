using IterativeDpo.Artifacts.Models;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace IterativeDpo.Training.Torch.Peers;

/// <summary>
/// The model of <c>bench/peers/torch_dpo_step.py</c>, operation by operation: autograd through everything, the logits of every position,
/// nothing fused. It belongs to the dispose scope that it is made in.
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
    private readonly Tensor _cos, _sin; // [context, headDim / 2]

    /// <param name="config">With an output map of its own and no biases.</param>
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
        var powers = Enumerable.Range(0, config.HeadDim / 2).Select(i => (float)Math.Pow(config.RopeBase, -2.0 * i / config.HeadDim));
        var angles = outer(arange(config.ContextLength, ScalarType.Float32), tensor(powers.ToArray()));
        (_cos, _sin) = (angles.cos(), angles.sin());
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
        var mask = Mask(batch.Attention);
        // What PyTorch's embedding is inside; TorchSharp has it as a module only.
        var x = _weights[ModelConfig.Embedding]
            .index_select(0, batch.Ids.flatten())
            .view(batch.Ids.size(0), batch.Ids.size(1), _config.Dim); // [2P, T, dim]
        for (var layer = 0; layer < _config.Layers; layer++)
        {
            var next = Block(x, mask, layer, adapters);
            x.Dispose();
            x = next;
        }
        return Linear(Norm(x, ModelConfig.OutputNorm), _weights[ModelConfig.Output]).MoveToOuterDisposeScope();
    }

    /// <summary>Zero where a row may look and −∞ elsewhere, [2P, 1, T, T].</summary>
    private static Tensor Mask(Tensor attention)
    {
        using var scope = NewDisposeScope();
        var (rows, length) = (attention.size(0), attention.size(1));
        var causal = full(length, length, float.NegativeInfinity).triu(1);
        var padding = zeros(rows, 1, 1, length).masked_fill(attention.view(rows, 1, 1, length) == 0, float.NegativeInfinity);
        return (causal + padding).MoveToOuterDisposeScope();
    }

    private Tensor Block(Tensor x, Tensor mask, int layer, bool adapters)
    {
        using var scope = NewDisposeScope();
        string Name(string tensor) => ModelConfig.BlockTensor(layer, tensor + ".weight");
        Tensor Map(Tensor input, string map) => Adapted(input, Name(map), adapters);
        x = x + Attention(Norm(x, Name("attn_norm")), mask, Map);
        var h = Norm(x, Name("ffn_norm"));
        return (x + Map(functional.silu(Map(h, "ffn_gate")) * Map(h, "ffn_up"), "ffn_down")).MoveToOuterDisposeScope();
    }

    private Tensor Attention(Tensor h, Tensor mask, Func<Tensor, string, Tensor> map)
    {
        using var scope = NewDisposeScope();
        var (rows, length) = (h.size(0), h.size(1));
        // [2P, heads, T, headDim]
        Tensor Heads(string name, int heads) => map(h, name).view(rows, length, heads, _config.HeadDim).transpose(1, 2);
        var repeats = _config.Heads / _config.KvHeads;
        var q = Rotated(Heads("attn_q", _config.Heads));
        var k = Rotated(Heads("attn_k", _config.KvHeads)).repeat_interleave(repeats, 1);
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

    private Tensor Rotated(Tensor x)
    {
        using var scope = NewDisposeScope();
        var (length, half) = (x.size(2), x.size(3) / 2);
        var (cos, sin) = (_cos.narrow(0, 0, length), _sin.narrow(0, 0, length)); // [T, headDim / 2]
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

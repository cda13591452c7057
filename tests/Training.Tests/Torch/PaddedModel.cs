using IterativeDpo.Artifacts.Models;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Tests.Torch;

/// <summary>
/// The textbook computation: every prompt and completion a row of its own, padded to one length, causal attention over all of
/// it, the logits of every position, autograd through everything. Slow and plain; what the packed one must equal.
/// </summary>
internal sealed class PaddedModel(ModelConfig config, Func<string, float[]> read, Func<string, (Tensor A, Tensor B, float Scale)?> lora)
{
    private readonly Dictionary<string, Tensor> _weights = config.ListTensors().ToDictionary(
        t => t.Name, t => tensor(read(t.Name)).view([.. t.Shape.Select(size => (long)size)]).requires_grad_());

    public Tensor Weight(string name) => _weights[name];

    /// <summary>Of each block's router in the last pass, [rows, T, E].</summary>
    public List<Tensor> RouterProbabilities { get; } = [];

    /// <summary>Summed log-prob of each completion, [rows].</summary>
    public Tensor LogProbs(IReadOnlyList<(int[] Prompt, int[] Completion)> rows)
    {
        var length = rows.Max(r => r.Prompt.Length + r.Completion.Length);
        var ids = stack(rows.Select(r => Padded([.. r.Prompt, .. r.Completion], length)));
        var mask = stack(rows.Select(r => Padded([.. r.Prompt.Select(_ => 0), .. r.Completion.Select(_ => 1)], length)));
        var logits = Logits(ids).narrow(1, 0, length - 1);
        var targets = ids.narrow(1, 1, length - 1);
        var tokens = logits.log_softmax(-1).gather(-1, targets.unsqueeze(-1)).squeeze(-1);
        return (tokens * mask.narrow(1, 1, length - 1).to(ScalarType.Float32)).sum(1);
    }

    /// <summary>Of every position, [rows, T, vocabulary].</summary>
    public Tensor Logits(Tensor ids)
    {
        var length = ids.size(1);
        var x =
            _weights[ModelConfig.Embedding].index_select(0, ids.flatten()).view(ids.size(0), length, config.Dim) * config.EmbeddingScale;
        for (var layer = 0; layer < config.Layers; layer++)
        {
            var h = NormIfThere(x, layer, "attn_norm");
            var mixed = config.Convolves(layer) ? Convolution(h, layer)
                : config.HasDeltaNet(layer) ? DeltaNet(h, layer, config.DeltaNet!)
                : Attention(h, layer);
            x += (config.Architecture.NormsAfter ? NormIfThere(mixed, layer, "post_attention_norm") : mixed) * config.ResidualScale;
            var inside = FeedForward(NormIfThere(x, layer, config.Architecture.FeedForwardNorm), layer);
            x += NormIfThere(inside, layer, "post_ffw_norm") * config.ResidualScale;
        }
        var logits = Norm(x, config.Architecture.OutputNorm)
            .matmul(_weights[config.TiedEmbeddings ? ModelConfig.Embedding : ModelConfig.Output].t());
        return Capped(logits / config.LogitDivisor, config.LogitCap);
    }

    private Tensor FeedForward(Tensor h, int layer) =>
        config.Experts is { } experts ? Experts(h, layer, experts) : DenseFeedForward(h, layer);

    /// <summary>Every expert of every token, times a weight that is 0 for those not chosen.</summary>
    private Tensor Experts(Tensor h, int layer, ExpertShape shape)
    {
        var p = Map(h, layer, "ffn_gate_inp").softmax(-1);
        RouterProbabilities.Add(p);
        var (likeliest, chosen) = p.topk(shape.Used, -1);
        var weights = config.Architecture.Experts!.Normalised ? likeliest / likeliest.sum(-1, keepdim: true) : likeliest;
        var result = zeros_like(h);
        for (var e = 0; e < shape.Count; e++)
        {
            var weight = (weights * chosen.eq(e)).sum(-1, keepdim: true);
            result += weight * Unit(h, map => x => ExpertMap(x, layer, map + "_exps", e, shape.Count));
        }
        if (shape.SharedDim > 0)
        {
            var shared = Unit(h, map => x => Map(x, layer, map + "_shexp"));
            var name = ModelConfig.BlockTensor(layer, "ffn_gate_inp_shexp.weight");
            result += _weights.TryGetValue(name, out var gate) ? h.matmul(gate.unsqueeze(1)).sigmoid() * shared : shared;
        }
        return result;
    }

    private Tensor Unit(Tensor h, Func<string, Func<Tensor, Tensor>> map)
    {
        var (gate, up) = (map("ffn_gate")(h), map("ffn_up")(h));
        if (config.Architecture.Gate != GateKind.Clamped)
        {
            return map("ffn_down")(nn.functional.silu(gate) * up);
        }
        gate = gate.clamp(max: 7);
        return map("ffn_down")(gate * (1.702 * gate).sigmoid() * (up.clamp(-7, 7) + 1));
    }

    private Tensor ExpertMap(Tensor x, int layer, string map, int expert, int experts)
    {
        var name = ModelConfig.BlockTensor(layer, map + ".weight");
        var y = x.matmul(_weights[name].select(0, expert).t());
        if (_weights.TryGetValue(ModelConfig.BlockTensor(layer, map + ".bias"), out var bias))
        {
            y += bias[expert];
        }
        if (lora(name) is not { } l)
        {
            return y;
        }
        var b = l.B.reshape(experts, -1, l.B.size(-1)).select(0, expert);
        var a = l.A.reshape(experts, l.B.size(-1), -1).select(0, expert);
        return y + x.matmul(a.t()).matmul(b.t()) * l.Scale;
    }

    private Tensor DenseFeedForward(Tensor h, int layer)
    {
        var inside = config.FeedForwardDim;
        var (gate, up) = config.Architecture.Fused && Map(h, layer, "ffn_up") is { } both
            ? (both.narrow(-1, 0, inside), both.narrow(-1, inside, inside))
            : (Map(h, layer, "ffn_gate"), Map(h, layer, "ffn_up"));
        var activated = config.Architecture.Gate == GateKind.Gelu
            ? gate * 0.5 * (1 + (Math.Sqrt(2 / Math.PI) * (gate + 0.044715 * gate.pow(3))).tanh())
            : nn.functional.silu(gate);
        return Map(activated * up, layer, "ffn_down");
    }

    /// <summary>PyTorch's own convolution, a group for each channel.</summary>
    private Tensor Convolution(Tensor h, int layer)
    {
        var parts = Map(h, layer, "shortconv.in_proj").chunk(3, -1);
        var kernel = _weights[ModelConfig.BlockTensor(layer, "shortconv.conv.weight")];
        var inputs = nn.functional.pad((parts[0] * parts[2]).transpose(1, 2), [kernel.size(1) - 1, 0]);
        var convolved = nn.functional.conv1d(inputs, kernel.unsqueeze(1), groups: config.Dim).transpose(1, 2);
        return Map(parts[1] * convolved, layer, "shortconv.out_proj");
    }

    /// <summary>A token after the other, and PyTorch's own convolution.</summary>
    private Tensor DeltaNet(Tensor h, int layer, GatedDeltaNet net)
    {
        Tensor Weight(string name) => _weights[ModelConfig.BlockTensor(layer, name)];
        var kernel = Weight("ssm_conv1d.weight");
        var inputs = nn.functional.pad(Map(h, layer, "attn_qkv").transpose(1, 2), [kernel.size(1) - 1, 0]);
        var mixed = nn.functional.silu(nn.functional.conv1d(inputs, kernel.unsqueeze(1), groups: net.Channels).transpose(1, 2));
        var parts = mixed.split([net.KeyDim, net.KeyDim, net.ValueDim], -1);
        Tensor Heads(int part) => parts[part].unflatten(2, [-1, net.HeadDim]);
        Tensor Unit(Tensor x) => (x / x.norm(-1, keepdim: true)).repeat(1, 1, net.ValueHeads / net.KeyHeads, 1);
        var (q, k, v) = (Unit(Heads(0)), Unit(Heads(1)), Heads(2)); // [rows, T, heads, headDim]
        var beta = Map(h, layer, "ssm_beta").sigmoid();
        var g = (nn.functional.softplus(Map(h, layer, "ssm_alpha") + Weight("ssm_dt.bias")) * Weight("ssm_a")).exp();
        var state = zeros(h.size(0), net.ValueHeads, net.HeadDim, net.HeadDim); // [rows, heads, keys, values]
        var read = new List<Tensor>();
        for (long t = 0; t < h.size(1); t++)
        {
            Tensor At(Tensor x) => x.select(1, t);
            state = state * At(g).unsqueeze(-1).unsqueeze(-1);
            var known = (state * At(k).unsqueeze(-1)).sum(2);
            state = state + At(k).unsqueeze(-1) * ((At(v) - known) * At(beta).unsqueeze(-1)).unsqueeze(2);
            read.Add((state * At(q).unsqueeze(-1)).sum(2) / Math.Sqrt(net.HeadDim));
        }
        var normed = Norm(stack(read, 1), ModelConfig.BlockTensor(layer, "ssm_norm.weight"));
        return Map(normed.flatten(2) * nn.functional.silu(Map(h, layer, "attn_gate")), layer, "ssm_out");
    }

    private static Tensor Capped(Tensor x, float cap) => cap == 0 ? x : (x / cap).tanh() * cap;

    /// <summary>0 where a token sees another and −∞ elsewhere, [T, T].</summary>
    private static Tensor Mask(long length, int window)
    {
        var distance = arange(length).view(-1, 1) - arange(length);
        var hidden = window == 0 ? distance < 0 : (distance < 0).logical_or(distance >= window);
        return zeros(length, length).masked_fill(hidden, float.NegativeInfinity);
    }

    private Tensor NormIfThere(Tensor x, int layer, string norm) =>
        _weights.ContainsKey(ModelConfig.BlockTensor(layer, norm + ".weight"))
            ? Norm(x, ModelConfig.BlockTensor(layer, norm + ".weight"))
            : x;

    private Tensor Attention(Tensor h, int layer)
    {
        var (batch, length) = (h.size(0), h.size(1));
        var all = config.Architecture.Fused ? Map(h, layer, "attn_qkv") : null;
        Tensor Projected(string map, int first, int heads) =>
            all?.narrow(-1, first * config.HeadDim, heads * config.HeadDim) ?? Map(h, layer, map);
        Tensor Heads(string map, int first, int heads) =>
            Projected(map, first, heads).reshape(batch, length, heads, config.HeadDim).transpose(1, 2);
        var kind = config.AttentionOf(layer);
        var repeats = config.Heads / config.KvHeads;
        // [rows, heads, T, queries and gates]
        var gated = config.Architecture.GatedAttention
            ? Map(h, layer, "attn_q").reshape(batch, length, config.Heads, 2 * config.HeadDim).transpose(1, 2)
            : null;
        var q = Rope(QkNormed(gated?.narrow(-1, 0, config.HeadDim) ?? Heads("attn_q", 0, config.Heads), layer, "attn_q_norm"), kind);
        var k = Rope(QkNormed(Heads("attn_k", config.Heads, config.KvHeads), layer, "attn_k_norm"), kind).repeat_interleave(repeats, 1);
        var v = Heads("attn_v", config.Heads + config.KvHeads, config.KvHeads).repeat_interleave(repeats, 1);
        var scores = Capped(q.matmul(k.transpose(2, 3)) * (config.ScoreScale ?? 1 / Math.Sqrt(config.HeadDim)), config.ScoreCap);
        scores += Mask(length, kind.Window);
        if (_weights.TryGetValue(ModelConfig.BlockTensor(layer, "attn_sinks.weight"), out var sinks))
        {
            scores = cat([scores, sinks.view(1, -1, 1, 1).expand(batch, -1, length, 1)], -1);
        }
        var weights = scores.softmax(-1).narrow(-1, 0, length);
        var attended = weights.matmul(v);
        var open = gated is null ? attended : attended * gated.narrow(-1, config.HeadDim, config.HeadDim).sigmoid();
        return Map(open.transpose(1, 2).reshape(batch, length, -1), layer, "attn_output");
    }

    /// <param name="x">[rows, heads, T, headDim].</param>
    private Tensor QkNormed(Tensor x, int layer, string norm)
    {
        var name = ModelConfig.BlockTensor(layer, norm + ".weight");
        return config.Architecture.QkNorm switch
        {
            QkNorm.None => x,
            QkNorm.Head => Norm(x, name),
            _ => Norm(x.transpose(1, 2).flatten(2), name).view(x.size(0), x.size(2), x.size(1), x.size(3)).transpose(1, 2),
        };
    }

    private Tensor Rope(Tensor x, BlockAttention kind)
    {
        if (kind.RopeBase == 0)
        {
            return x;
        }
        var kept = x.narrow(-1, config.RopeDim, config.HeadDim - config.RopeDim);
        return cat([Turned(x.narrow(-1, 0, config.RopeDim), kind), kept], -1);
    }

    private Tensor Turned(Tensor x, BlockAttention kind)
    {
        var half = config.RopeDim / 2;
        var angles = outer(
                arange(x.size(2)).to(ScalarType.Float64),
                tensor(Enumerable.Range(0, half).Select(pair => Frequency(pair, kind)).ToArray()))
            .to(ScalarType.Float32);
        var stretch = kind.Scaled ? Length : 1;
        var (c, s) = (angles.cos() * stretch, angles.sin() * stretch);
        if (config.Architecture.Rope == RopeKind.HalfSplit)
        {
            var (a, b) = (x.narrow(-1, 0, half), x.narrow(-1, half, half));
            return cat([a * c - b * s, b * c + a * s], -1);
        }
        var pairs = x.reshape(x.size(0), x.size(1), x.size(2), half, 2);
        var (even, odd) = (pairs.select(-1, 0), pairs.select(-1, 1));
        return stack([even * c - odd * s, odd * c + even * s], -1).flatten(3);
    }

    /// <summary>
    /// As docs of transformers and llama.cpp have it: divisors, then linear scaling, or YaRN's between linear scaling and none.
    /// </summary>
    private double Frequency(int pair, BlockAttention kind)
    {
        var (scaling, dim) = (config.Scaling, config.RopeDim);
        var plain = Math.Pow(kind.RopeBase, -2.0 * pair / dim);
        if (!kind.Scaled)
        {
            return plain;
        }
        var t = plain / (config.RopeDivisors?[pair] ?? 1);
        if (scaling.Kind != RopeScalingKind.Yarn)
        {
            return t / scaling.Factor;
        }
        double Corrected(double turns) => dim * Math.Log(scaling.OriginalContext / (2 * Math.PI * turns)) / (2 * Math.Log(config.RopeBase));
        var (low, high) = (Math.Max(0, Math.Floor(Corrected(32))), Math.Min(dim - 1, Math.Ceiling(Corrected(1))));
        var ramp = Math.Clamp((pair - low) / Math.Max(0.001, high - low), 0, 1);
        return t / scaling.Factor * ramp + t * (1 - ramp);
    }

    private double Length =>
        config.Scaling.AttentionFactor
        * (config.Scaling.Kind == RopeScalingKind.Yarn && !config.Scaling.KeepsLength ? 0.1 * Math.Log(config.Scaling.Factor) + 1 : 1);

    private Tensor Map(Tensor x, int layer, string map)
    {
        var name = ModelConfig.BlockTensor(layer, map);
        var y = x.matmul(_weights[name + ".weight"].t());
        if (_weights.TryGetValue(name + ".bias", out var bias))
        {
            y += bias;
        }
        return lora(name + ".weight") is { } l ? y + x.matmul(l.A.t()).matmul(l.B.t()) * l.Scale : y;
    }

    private Tensor Norm(Tensor x, string name) => x / (x.square().mean([-1], keepdim: true) + config.RmsEps).sqrt() * _weights[name];

    private static Tensor Padded(int[] ids, int length) => tensor([.. ids.Select(id => (long)id), .. new long[length - ids.Length]]);
}

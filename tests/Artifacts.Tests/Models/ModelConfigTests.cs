using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Artifacts.Tests.Models;

public sealed class ModelConfigTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("llama", false, RopeKind.Interleaved)]
    [InlineData("llama", true, RopeKind.Interleaved)]
    [InlineData("qwen2", false, RopeKind.HalfSplit)]
    [InlineData("qwen2", true, RopeKind.HalfSplit)]
    [InlineData("qwen3", true, RopeKind.HalfSplit)]
    [InlineData("gemma3", true, RopeKind.HalfSplit)]
    [InlineData("smollm3", false, RopeKind.Interleaved)]
    [InlineData("phi3", false, RopeKind.HalfSplit)]
    [InlineData("olmo2", false, RopeKind.HalfSplit)]
    [InlineData("granite", true, RopeKind.Interleaved)]
    [InlineData("lfm2", true, RopeKind.HalfSplit)]
    [InlineData("qwen35", false, RopeKind.HalfSplit)]
    [InlineData("gpt-oss", false, RopeKind.HalfSplit)]
    public void Read_gives_the_shape_that_was_written(string architecture, bool tied, RopeKind rope)
    {
        var config = TinyModel.Config(architecture) with { TiedEmbeddings = tied };
        TinyModel.Write(_directory["m.gguf"], config);

        var read = Read();

        Assert.Equal(config, read);
        Assert.Equal(rope, read.Architecture.Rope);
    }

    [Fact]
    public void Read_takes_defaults_for_optional_keys()
    {
        TinyModel.WriteChanged(_directory["m.gguf"], metadata =>
        {
            metadata.Remove("llama.attention.key_length");
            metadata.Remove("llama.attention.value_length");
            metadata.Remove("llama.rope.dimension_count");
            metadata.Remove("llama.rope.freq_base");
        });

        var config = Read();

        Assert.Equal((8, 8, 10000f), (config.HeadDim, config.RopeDim, config.RopeBase));
    }

    [Fact]
    public void Read_takes_free_head_widths_only_where_llama_cpp_does()
    {
        TinyModel.Write(_directory["m.gguf"], TinyModel.Config("llama") with { HeadDim = 16, RopeDim = 16 });
        Assert.Equal(16, Read().HeadDim);

        TinyModel.Write(_directory["m.gguf"], TinyModel.Config("qwen2") with { HeadDim = 16, RopeDim = 16 });
        AssertRefused("'qwen2.attention.key_length': 4 heads of 16 do not make up the 32 of the embedding");
    }

    [Fact]
    public void ListTensors_has_biases_where_the_architecture_has_them()
    {
        Assert.DoesNotContain(TinyModel.Config("llama").ListTensors(), tensor => tensor.Name.EndsWith(".bias"));
        Assert.Equal([16], TinyModel.Config("qwen2").ListTensors().Single(tensor => tensor.Name == "blk.1.attn_v.bias").Shape);
    }

    [Theory]
    [InlineData("general.architecture", "mamba", "'mamba' is not supported. Use a model of one of these: llama, mistral3, qwen2, qwen3")]
    [InlineData("general.type", "adapter", "of type 'adapter', not a model")]
    [InlineData("llama.block_count", 3u, "tensor 'blk.2.attn_norm.weight' is missing")]
    [InlineData("llama.block_count", 1_000_000u, "1000000 blocks, but 21 tensors")]
    [InlineData("llama.block_count", 0u, "'llama.block_count': 0 is out of range")]
    [InlineData("llama.embedding_length", uint.MaxValue, "'llama.embedding_length': 4294967295 is out of range")]
    [InlineData("llama.block_count", 2UL, "'llama.block_count' must be a uint32, but is UInt64 2")]
    [InlineData("llama.attention.causal", false, "'llama.attention.causal': a model that sees later tokens")]
    [InlineData("llama.embedding_length", "32", "'llama.embedding_length' must be a uint32, but is String 32")]
    [InlineData("llama.attention.head_count", 0u, "'llama.attention.head_count': 0 is out of range")]
    [InlineData("llama.attention.head_count_kv", 3u, "3 does not divide the 4 heads")]
    [InlineData("llama.attention.value_length", 16u, "keys and values differ in width")]
    [InlineData("llama.rope.dimension_count", 4u, "4 is odd or not the head's 8")]
    [InlineData("llama.rope.dimension_count", 16u, "not the head's 8")]
    [InlineData("llama.rope.scaling.type", "longrope", "RoPE scaling 'longrope' is not supported")]
    [InlineData("llama.rope.scaling.factor", -4f, "'llama.rope.scaling.factor': -4 is out of range")]
    [InlineData("llama.rope.scale_linear", float.PositiveInfinity, "'llama.rope.scale_linear': Infinity is out of range")]
    [InlineData("llama.rope.scaling.attn_factor", 0f, "'llama.rope.scaling.attn_factor': 0 is out of range")]
    [InlineData("llama.rope.freq_base_swa", 1e4f, "'llama.rope.freq_base_swa': this program does not know it")]
    [InlineData("llama.attention.sliding_window", 64u, "'llama.attention.sliding_window': this program does not know it")]
    [InlineData("llama.rope.freq_base", 0f, "'llama.rope.freq_base': 0 is out of range")]
    [InlineData("llama.attention.layer_norm_rms_epsilon", float.NaN, "NaN is out of range")]
    [InlineData("llama.expert_count", 8u, "'llama.expert_used_count'")]
    [InlineData("llama.expert_used_count", 2u, "'llama.expert_used_count': there are no experts")]
    [InlineData("llama.expert_group_count", 2u, "'llama.expert_group_count': there are no experts")]
    [InlineData("llama.residual_scale", 0.5f, "'llama.residual_scale': this program does not know it")]
    [InlineData("llama.key_of_tomorrow", true, "'llama.key_of_tomorrow': this program does not know it")]
    [InlineData("llama.feed_forward_length", 65u, "tensor 'blk.0.ffn_gate.weight' has the shape [64, 32], not [65, 32]")]
    public void Read_refuses_metadata_it_cannot_use(string key, object value, string problem)
    {
        TinyModel.WriteChanged(_directory["m.gguf"], metadata => metadata[key] = value);

        AssertRefused(problem);
    }

    public static TheoryData<string> Architectures => [.. ModelArchitecture.All.Select(architecture => architecture.Name)];

    [Theory]
    [MemberData(nameof(Architectures))]
    public void Read_of_every_family_refuses_keys_and_tensors_that_it_does_not_compute(string architecture)
    {
        foreach (
            var key in new[] { "key_of_tomorrow", "attention.temperature_length", "rope.scaling.yarn_log_mul", "attention.key_length_swa" })
        {
            TinyModel.WriteChanged(_directory["m.gguf"], metadata => metadata[$"{architecture}.{key}"] = 1f, architecture: architecture);
            AssertRefused($"'{architecture}.{key}': this program does not know it");
        }
        TinyModel.Write(_directory["plain.gguf"], TinyModel.Config(architecture));
        using var file = GgufFile.Open(_directory["plain.gguf"]);
        foreach (var tensor in new[]
            {
                "blk.0.attn_gate.weight",
                "blk.0.attn_sinks.weight",
                "blk.0.ffn_gate_inp.weight",
                "blk.1.attn_q_norm.bias",
            }.Where(name => !file.Tensors.ContainsKey(name)))
        {
            TinyModel.WriteWith(file, _directory["m.gguf"], tensor, [4], new float[4]);
            AssertRefused($"tensor '{tensor}' is not part of the architecture '{architecture}'");
        }
    }

    [Theory]
    [InlineData("qwen3", "attention.sliding_window", 64u)]
    [InlineData("gemma2", "rope.scaling.factor", 8f)]
    [InlineData("gemma2", "rope.freq_base_swa", 1e4f)]
    [InlineData("gemma3", "rope.scaling.attn_factor", 1.5f)]
    [InlineData("olmo2", "logit_scale", 2f)]
    [InlineData("smollm3", "attn_logit_softcapping", 50f)]
    [InlineData("llama", "attention.temperature_scale", 0.1f)]
    [InlineData("llama", "rope.scaling.yarn_log_multiplier", 1f)]
    public void Read_refuses_keys_of_other_families(string architecture, string key, object value)
    {
        TinyModel.WriteChanged(_directory["m.gguf"], metadata => metadata[$"{architecture}.{key}"] = value, architecture: architecture);

        AssertRefused($"'{architecture}.{key}': this program does not know it");
    }

    [Theory]
    [InlineData("gemma3", "rope.scaling.type", "yarn", "RoPE scaling 'yarn' is not supported here")]
    [InlineData("phi3", "rope.dimension_count", 16u, "16 is odd or not the head's 8")]
    [InlineData("granite", "logit_scale", -1f, "'granite.logit_scale': -1 is out of range")]
    [InlineData("olmo2", "attention.sliding_window", 0u, "'olmo2.attention.sliding_window': 0 is out of range")]
    [InlineData("qwen2", "expert_count", 4u, "'qwen2.expert_count': models of this architecture have no experts")]
    [InlineData("qwen3moe", "expert_count", 0u, "'qwen3moe.expert_count': 0 is out of range (1 to 512)")]
    [InlineData("qwen3moe", "expert_count", 513u, "'qwen3moe.expert_count': 513 is out of range (1 to 512)")]
    [InlineData("qwen3moe", "expert_used_count", 5u, "'qwen3moe.expert_used_count': 5 is out of range (1 to 4)")]
    [InlineData("qwen3moe", "expert_group_count", 2u, "'qwen3moe.expert_group_count': experts that are chosen by groups")]
    [InlineData("qwen3moe", "expert_feed_forward_length", 17u, "'blk.0.ffn_gate_exps.weight' has the shape [4, 16, 32], not [4, 17, 32]")]
    [InlineData("qwen3moe", "expert_shared_feed_forward_length", 8u, "this program does not know it")]
    [InlineData("granitemoe", "expert_shared_feed_forward_length", 8u, "tensor 'blk.0.ffn_gate_shexp.weight' is missing")]
    [InlineData("olmoe", "attention.head_count_kv", 2u, "2 are not the 4 heads, as llama.cpp needs it here")]
    [InlineData("gpt-oss", "attention.sliding_window", 0u, "'gpt-oss.attention.sliding_window': 0 is out of range")]
    [InlineData("gpt-oss", "attention.sliding_window_pattern", new[] { true, true }, "lets all but one of 2 blocks slide")]
    [InlineData("gpt-oss", "rope.freq_base_swa", 1e4f, "'gpt-oss.rope.freq_base_swa': this program does not know it")]
    [InlineData("gpt-oss", "expert_gating_func", 2u, "'gpt-oss.expert_gating_func': this program does not know it")]
    [InlineData("lfm2", "attention.head_count_kv", 2u, "'lfm2.attention.head_count_kv': it is no list of a number for each block")]
    [InlineData("lfm2", "attention.head_count_kv", new[] { 0u }, "'lfm2.attention.head_count_kv': it lists 1 blocks, and there are 2")]
    [InlineData("lfm2", "attention.head_count_kv", new[] { 0u, 0u }, "'lfm2.attention.head_count_kv': no block attends")]
    [InlineData("lfm2", "attention.head_count_kv", new[] { 2u, 4u }, "'lfm2.attention.head_count_kv': it has 2 and 4, where all that attend have one number of key heads")]
    [InlineData("lfm2", "attention.head_count_kv", new[] { 0, -2 }, "'lfm2.attention.head_count_kv': it has 4294967294")]
    [InlineData("lfm2", "attention.head_count_kv", new[] { 0u, 3u }, "3 does not divide the 4 heads")]
    [InlineData("lfm2", "shortconv.l_cache", 1u, "'lfm2.shortconv.l_cache': a convolution of one token is none")]
    [InlineData("lfm2", "shortconv.l_cache", 5u, "tensor 'blk.0.shortconv.conv.weight' has the shape [32, 3], not [32, 5]")]
    [InlineData("lfm2", "attention.sliding_window", 8u, "'lfm2.attention.sliding_window': this program does not know it")]
    [InlineData("qwen35", "ssm.conv_kernel", 1u, "'qwen35.ssm.conv_kernel': a convolution of one token is none")]
    [InlineData("qwen35", "ssm.group_count", 3u, "'qwen35.ssm.group_count': 3 does not divide the 4 of values")]
    [InlineData("qwen35", "ssm.state_size", 0u, "'qwen35.ssm.state_size': 0 is out of range")]
    [InlineData("qwen35", "ssm.state_size", 1u << 20, "'qwen35.ssm.state_size': heads × state_size is out of range")]
    [InlineData("qwen35", "ssm.inner_size", 16u, "'qwen35.ssm.inner_size': it is not 32, the values' 4 heads of 8")]
    [InlineData("qwen35", "full_attention_interval", 3u, "'qwen35.full_attention_interval': none of the 2 blocks attends")]
    [InlineData("qwen35", "full_attention_interval", 1u, "tensor 'blk.0.attn_q.weight' is missing")]
    [InlineData("qwen35", "nextn_predict_layers", 1u, "'qwen35.nextn_predict_layers': blocks that guess further tokens are not supported")]
    [InlineData("qwen35", "rope.dimension_sections", 4u, "'qwen35.rope.dimension_sections': it has to list four numbers")]
    [InlineData("qwen35", "rope.dimension_sections", new[] { 2, 1, 1 }, "it has to list four numbers")]
    [InlineData("qwen35", "rope.dimension_sections", new[] { 1, 1, 0, 2 }, "by which all 4 pairs of a head turn in a text")]
    [InlineData("qwen35", "rope.dimension_sections", new[] { -1, 5, 5, 5 }, "by which all 4 pairs of a head turn in a text")]
    [InlineData("qwen35", "attention.recurrent_layers", 8u, "'qwen35.attention.recurrent_layers': this program does not know it")]
    public void Read_refuses_metadata_of_a_family_that_it_cannot_use(string architecture, string key, object value, string problem)
    {
        TinyModel.WriteChanged(_directory["m.gguf"], metadata => metadata[$"{architecture}.{key}"] = value, architecture: architecture);

        AssertRefused(problem);
    }

    /// <summary>Keys that llama.cpp's converter writes beside the shape.</summary>
    public static TheoryData<string, Dictionary<string, object>> ConvertersKeys => new()
    {
        { "llama", new() { ["rope.scaling.type"] = "none", ["tensor_data_layout"] = "Meta AI original pth", ["expert_used_count"] = 0u } },
        {
            "qwen2",
            new()
            {
                ["rope.scaling.type"] = "yarn",
                ["rope.scaling.factor"] = 4f,
                ["rope.scaling.original_context_length"] = 32768u,
            }
        },
        {
            "gemma3",
            new()
            {
                ["attention.sliding_window"] = 512u,
                ["rope.freq_base_swa"] = 1e4f,
                ["rope.scaling.type"] = "linear",
                ["rope.scaling.factor"] = 8f,
            }
        },
        { "gemma2", new() { ["attention.sliding_window"] = 4096u, ["attn_logit_softcapping"] = 50f, ["final_logit_softcapping"] = 30f } },
        {
            "phi3",
            new()
            {
                ["attention.sliding_window"] = 0u,
                ["rope.scaling.original_context_length"] = 4096u,
                ["rope.scaling.attn_factor"] = 1.19f,
            }
        },
        {
            "olmo2", new()
            {
                ["attention.sliding_window"] = 4096u,
                ["attention.sliding_window_pattern"] = new[] { true, true },
                ["rope.scaling.type"] = "yarn",
                ["rope.scaling.factor"] = 8f,
                ["rope.scaling.original_context_length"] = 8192u,
                ["rope.scaling.yarn_attn_factor"] = 1.2079442f,
                ["rope.scaling.yarn_beta_fast"] = 32f, ["rope.scaling.yarn_beta_slow"] = 1f,
            }
        },
        {
            "granite",
            new()
            {
                ["attention.scale"] = 0.015625f,
                ["embedding_scale"] = 12f,
                ["residual_scale"] = 0.22f,
                ["logit_scale"] = 8f,
            }
        },
        {
            "mistral3", new()
            {
                ["rope.scaling.type"] = "yarn", ["rope.scaling.factor"] = 16f, ["rope.scaling.original_context_length"] = 16384u,
                ["rope.scaling.yarn_log_multiplier"] = 1f, ["rope.scaling.yarn_beta_fast"] = 32f, ["rope.scaling.yarn_beta_slow"] = 1f,
                ["attention.temperature_scale"] = 0.1f,
            }
        },
    };

    [Theory]
    [MemberData(nameof(ConvertersKeys))]
    public void Read_takes_the_keys_that_converters_write(string architecture, Dictionary<string, object> keys)
    {
        TinyModel.WriteChanged(_directory["m.gguf"], metadata =>
        {
            foreach (var (key, value) in keys) metadata[$"{architecture}.{key}"] = value;
        }, architecture: architecture);

        Assert.Equal(architecture, Read().Architecture.Name);
    }

    [Fact]
    public void Read_takes_windows_by_the_number_or_the_family_s_own_list()
    {
        void Write(object pattern) => TinyModel.WriteChanged(_directory["m.gguf"], metadata =>
            (metadata["gemma3.attention.sliding_window"], metadata["gemma3.attention.sliding_window_pattern"]) = (512u, pattern),
        architecture: "gemma3");
        Write(2u);
        Assert.Equal(new(512, 2, 10000), Read().Sliding);

        Write(new[] { true, true });
        Assert.Equal(new(512, 6, 10000), Read().Sliding);

        Write(new[] { true, false });
        AssertRefused("'gemma3.attention.sliding_window_pattern': llama.cpp reads no list here, and lets all but one of 6 blocks slide");
    }

    [Fact]
    public void Read_of_gemma_2_without_a_window_takes_the_family_s()
    {
        TinyModel.Write(_directory["m.gguf"], TinyModel.Config("gemma2"));

        Assert.Equal(new(4096, 2, 1000), Read().Sliding);
    }

    [Theory]
    [InlineData("gemma2", 46)]
    [InlineData("gemma3", 62)]
    public void Read_of_the_largest_gemma_divides_scores_by_the_width_of_a_head_of_all(string architecture, int layers)
    {
        TinyModel.Write(_directory["m.gguf"], TinyModel.Config(architecture) with { Layers = layers, HeadDim = 4, RopeDim = 4 });

        Assert.Equal(1 / MathF.Sqrt(8), Read().ScoreScale);
    }

    [Fact]
    public void Read_of_long_divisors_keeps_to_contexts_of_the_short_ones()
    {
        var config = TinyModel.Config("phi3") with
        {
            RopeDim = 4,
            RopeDivisors = [1, 2],
            LongContextDivisors = [4, 8],
            MostPositions = 300,
            ContextLength = 5000,
        };
        TinyModel.Write(_directory["m.gguf"], config);

        var read = Read();

        Assert.Equal([1, 2], read.RopeDivisors!);
        Assert.Equal([4, 8], read.LongContextDivisors!);
        Assert.Equal((300, 256), (read.MostPositions, read.LongestContext));
    }

    public static TheoryData<RopeScaling, Dictionary<string, object>> Scalings => new()
    {
        { RopeScaling.None, new() { ["type"] = "none", ["factor"] = 4f } },
        { RopeScaling.None, new() { ["type"] = "linear", ["factor"] = 1f, ["attn_factor"] = 1f, ["finetuned"] = true } },
        { new(RopeScalingKind.Linear, 4), new() { ["type"] = "linear", ["factor"] = 4f, ["original_context_length"] = 32u } },
        { new(RopeScalingKind.Linear, 4), new() { ["factor"] = 4f } },
        { new(RopeScalingKind.Yarn, 4, 128), new() { ["type"] = "yarn", ["factor"] = 4f } },
        {
            new(RopeScalingKind.Yarn, 4, 32, 1.5f),
            new()
            {
                ["type"] = "yarn",
                ["factor"] = 4f,
                ["original_context_length"] = 32u,
                ["attn_factor"] = 1.5f,
                ["yarn_beta_fast"] = 32f,
            }
        },
        { new(RopeScalingKind.None, AttentionFactor: 1.5f), new() { ["type"] = "none", ["attn_factor"] = 1.5f } },
    };

    [Theory]
    [MemberData(nameof(Scalings))]
    public void Read_takes_scaling_as_llama_cpp_does(RopeScaling expected, Dictionary<string, object> keys)
    {
        TinyModel.WriteChanged(_directory["m.gguf"], metadata =>
        {
            foreach (var (key, value) in keys) metadata[$"llama.rope.scaling.{key}"] = value;
            metadata["split.count"] = (ushort)0;
        });

        Assert.Equal(expected, Read().Scaling);
    }

    [Fact]
    public void Read_takes_the_older_key_of_scaling_where_the_newer_is_missing()
    {
        TinyModel.WriteChanged(_directory["m.gguf"], metadata => metadata["llama.rope.scale_linear"] = 4f);
        Assert.Equal(new(RopeScalingKind.Linear, 4), Read().Scaling);

        TinyModel.WriteChanged(
            _directory["m.gguf"],
            metadata => (metadata["llama.rope.scale_linear"], metadata["llama.rope.scaling.factor"]) = (4f, 2f));
        Assert.Equal(new(RopeScalingKind.Linear, 2), Read().Scaling);
    }

    [Theory]
    [InlineData("yarn_beta_fast", 16f, 32)]
    [InlineData("yarn_ext_factor", 0f, 1)]
    [InlineData("yarn_attn_factor", 1f, 1.2079442)]
    public void Read_refuses_figures_of_yarn_that_llama_cpp_does_not_heed(string key, float value, double taken)
    {
        void Write(float figure) =>
            TinyModel.WriteChanged(
                _directory["m.gguf"],
                metadata =>
                    (metadata["llama.rope.scaling.type"], metadata["llama.rope.scaling.factor"], metadata[$"llama.rope.scaling.{key}"]) = (
                        "yarn",
                        8f,
                        figure));
        Write((float)taken);
        Assert.Equal(RopeScalingKind.Yarn, Read().Scaling.Kind);

        Write(value);
        AssertRefused(FormattableString.Invariant($"'llama.rope.scaling.{key}': llama.cpp takes {(float)taken} whatever it says"));
    }

    [Fact]
    public void Read_of_queries_that_grow_with_their_position_keeps_to_contexts_where_they_do_not()
    {
        TinyModel.WriteChanged(_directory["m.gguf"], metadata =>
        {
            (metadata["mistral3.rope.scaling.type"], metadata["mistral3.rope.scaling.factor"]) = ("yarn", 16f);
            (metadata["mistral3.rope.scaling.yarn_log_multiplier"], metadata["mistral3.attention.temperature_scale"]) = (1f, 0.1f);
            (metadata["mistral3.rope.scaling.original_context_length"], metadata["mistral3.context_length"]) = (512u, 8192u);
        }, architecture: "mistral3");

        var read = Read();

        Assert.Equal(new(RopeScalingKind.Yarn, 16, 512, KeepsLength: true), read.Scaling);
        Assert.Equal(512, read.LongestContext);
    }

    [Fact]
    public void Read_gives_the_divisors_and_biases_that_were_written()
    {
        TinyModel.Write(_directory["m.gguf"], TinyModel.Config() with { RopeDivisors = [1, 2, 4, 8], Biases = MapBiases.All });

        var read = Read();

        Assert.Equal([1, 2, 4, 8], read.RopeDivisors!);
        Assert.Equal(MapBiases.All, read.Biases);
    }

    [Theory]
    [InlineData(new[] { 1f, 2, 4 })]
    [InlineData(new[] { 1f, 0, 4, 8 })]
    [InlineData(new[] { 1f, float.NaN, 4, 8 })]
    public void Read_refuses_divisors_that_are_none(float[] divisors)
    {
        TinyModel.Write(_directory["plain.gguf"], TinyModel.Config());
        using (var file = GgufFile.Open(_directory["plain.gguf"]))
        {
            TinyModel.WriteWith(file, _directory["m.gguf"], ModelConfig.Divisors, [divisors.Length], divisors);
        }

        AssertRefused("tensor 'rope_freqs.weight' is not 4 numbers over 0");
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("qwen2moe")]
    [InlineData("qwen3moe")]
    [InlineData("olmoe")]
    [InlineData("granitemoe")]
    [InlineData("gpt-oss")]
    public void Read_of_written_experts_gives_them_back(string architecture)
    {
        var config = TinyModel.Config(architecture);
        config = config with { Experts = config.Experts ?? new(8, 2, 64) };
        TinyModel.Write(_directory["m.gguf"], config);

        Assert.Equal(config.Experts, Read().Experts);
    }

    [Theory]
    [InlineData("qwen2moe")]
    [InlineData("olmoe")]
    public void Read_needs_the_head_that_llama_cpp_needs(string architecture)
    {
        TinyModel.Write(_directory["m.gguf"], TinyModel.Config(architecture) with { TiedEmbeddings = true });

        AssertRefused("tensor 'output.weight' is missing");
    }

    [Fact]
    public void Read_takes_the_widths_that_llama_cpp_takes_where_no_key_has_them()
    {
        TinyModel.WriteChanged(
            _directory["m.gguf"],
            metadata =>
            {
                metadata.Remove("qwen2moe.expert_feed_forward_length");
                metadata.Remove("qwen2moe.expert_shared_feed_forward_length");
                metadata["qwen2moe.feed_forward_length"] = 32u;
            },
            tensor => tensor with { Shape = [.. tensor.Shape.Select(size => size == 24 ? 32 : size)] },
            architecture: "qwen2moe");

        Assert.Equal(new ExpertShape(4, 2, 16, 32), Read().Experts);
    }

    [Fact]
    public void Read_takes_keys_that_say_there_are_no_experts_and_keys_of_another_architecture()
    {
        TinyModel.WriteChanged(_directory["m.gguf"], metadata =>
        {
            metadata["llama.expert_count"] = metadata["llama.expert_used_count"] = 0u;
            metadata["llama4.residual_scale"] = 0.5f;
        });

        Assert.Equal(2, Read().Layers);
    }

    [Fact]
    public void Read_refuses_an_embedding_with_other_rows_than_tokens()
    {
        TinyModel.WriteChanged(_directory["m.gguf"], tensors: t => t.Name == ModelConfig.Embedding ? t with { Shape = [265, 32] } : t);

        AssertRefused("'tokenizer.ggml.tokens' lists 264 tokens, but tensor 'token_embd.weight' has 265 rows");
    }

    [Theory]
    [InlineData("general.architecture")]
    [InlineData("llama.block_count")]
    [InlineData("llama.context_length")]
    [InlineData("llama.attention.layer_norm_rms_epsilon")]
    [InlineData("tokenizer.ggml.tokens")]
    public void Read_without_a_required_key_names_it(string key)
    {
        TinyModel.WriteChanged(_directory["m.gguf"], metadata => metadata.Remove(key));

        AssertRefused($"the metadata key '{key}' is missing");
    }

    [Theory]
    [InlineData("token_embd.weight")]
    [InlineData("output_norm.weight")]
    [InlineData("blk.1.ffn_down.weight")]
    public void Read_without_a_tensor_names_it(string missing)
    {
        TinyModel.WriteChanged(_directory["m.gguf"], tensors: tensor => tensor.Name == missing ? null : tensor);

        AssertRefused($"tensor '{missing}' is missing");
    }

    [Fact]
    public void Read_refuses_a_tensor_that_it_would_leave_out_of_the_computation()
    {
        TinyModel.WriteChanged(
            _directory["m.gguf"],
            tensors: t => t.Name == ModelConfig.Output ? new("rope_freqs.weight", [4]) : t,
            architecture: "qwen2");

        AssertRefused("tensor 'rope_freqs.weight' is not part of the architecture 'qwen2'");
    }

    [Theory]
    [InlineData("blk.0.attn_gate.weight")]
    [InlineData("tensor_of_tomorrow")]
    public void Read_refuses_a_tensor_that_it_does_not_know(string name)
    {
        TinyModel.Write(_directory["plain.gguf"], TinyModel.Config());
        using (var file = GgufFile.Open(_directory["plain.gguf"]))
        {
            TinyModel.WriteWith(file, _directory["m.gguf"], name, [4], new float[4]);
        }

        AssertRefused($"tensor '{name}' is not part of the architecture 'llama'");
    }

    [Theory]
    [InlineData("llama", "blk.0.attn_norm.weight")]
    [InlineData("llama", "output_norm.weight")]
    [InlineData("qwen2", "blk.0.attn_q.bias")]
    [InlineData("lfm2", "token_embd_norm.weight")]
    [InlineData("qwen35", "blk.0.ssm_a")]
    [InlineData("qwen35", "blk.0.ssm_dt.bias")]
    [InlineData("gpt-oss", "blk.0.ffn_gate_exps.bias")]
    public void Read_refuses_norms_and_biases_that_would_end_llama_cpp(string architecture, string name)
    {
        TinyModel.WriteChanged(
            _directory["m.gguf"],
            type: t => t.Name == name ? TensorType.F16 : TensorType.F32,
            architecture: architecture);

        AssertRefused($"tensor '{name}' is stored as F16, but llama.cpp needs norms and biases as F32");
    }

    [Fact]
    public void Read_refuses_sinks_that_would_end_llama_cpp()
    {
        TinyModel.WriteChanged(
            _directory["m.gguf"],
            type: t => t.Name == "blk.0.attn_sinks.weight" ? TensorType.F16 : TensorType.F32,
            architecture: "gpt-oss");

        AssertRefused("tensor 'blk.0.attn_sinks.weight' is stored as F16, but llama.cpp needs sinks as F32");
    }

    [Theory]
    [InlineData("output.weight")]
    [InlineData("blk.1.attn_sinks.weight")]
    [InlineData("blk.0.post_attention_norm.weight")]
    [InlineData("blk.0.ffn_gate_inp.bias")]
    [InlineData("blk.1.ffn_down_exps.bias")]
    [InlineData("blk.0.attn_output.bias")]
    public void Read_of_gpt_oss_without_one_of_its_tensors_is_refused(string name)
    {
        TinyModel.WriteChanged(
            _directory["m.gguf"], tensors: tensor => tensor.Name == name ? null : tensor, architecture: "gpt-oss");

        AssertRefused($"tensor '{name}' is missing");
    }

    [Fact]
    public void Read_of_gpt_oss_without_its_window_is_refused_as_llama_cpp_does()
    {
        TinyModel.WriteChanged(
            _directory["m.gguf"], metadata => metadata.Remove("gpt-oss.attention.sliding_window"), architecture: "gpt-oss");

        AssertRefused("gpt-oss.attention.sliding_window");
    }

    [Theory]
    [InlineData("lfm2", "blk.0.shortconv.conv.weight")]
    [InlineData("qwen35", "blk.0.ssm_conv1d.weight")]
    public void Read_refuses_kernels_that_would_end_llama_cpp(string architecture, string name)
    {
        TinyModel.WriteChanged(
            _directory["m.gguf"], type: t => t.Name == name ? TensorType.F16 : TensorType.F32, architecture: architecture);

        AssertRefused($"tensor '{name}' is stored as F16, but llama.cpp needs kernels of convolutions as F32");
    }

    [Fact]
    public void Read_takes_a_router_in_any_type_as_llama_cpp_does()
    {
        TinyModel.WriteChanged(
            _directory["m.gguf"],
            type: t => t.Name.EndsWith("ffn_gate_inp.weight", StringComparison.Ordinal) ? TensorType.F16 : TensorType.F32,
            architecture: "qwen3moe");

        using var file = GgufFile.Open(_directory["m.gguf"]);

        Assert.Equal(TinyModel.Config("qwen3moe"), ModelConfig.Read(file));
    }

    [Fact]
    public void Read_takes_key_heads_as_either_kind_of_list()
    {
        TinyModel.WriteChanged(
            _directory["m.gguf"],
            metadata => metadata["lfm2.attention.head_count_kv"] = new[] { 0, 2 },
            architecture: "lfm2");

        var config = Read();

        Assert.Equal((2, new ShortConvolution(3, [1])), (config.KvHeads, config.Convolution));
        Assert.True(config.HasState);
    }

    private ModelConfig Read()
    {
        using var file = GgufFile.Open(_directory["m.gguf"]);
        return ModelConfig.Read(file);
    }

    private void AssertRefused(string problem)
    {
        var error = Assert.Throws<UserInputException>(Read);
        Assert.StartsWith(_directory["m.gguf"], error.Message);
        Assert.Contains(problem, error.Message);
    }
}

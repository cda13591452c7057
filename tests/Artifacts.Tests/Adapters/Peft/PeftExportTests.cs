using System.Text.Json;
using IterativeDpo.Artifacts.Adapters;
using IterativeDpo.Artifacts.Adapters.Peft;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Artifacts.Safetensors;
using IterativeDpo.Artifacts.Tests.Models;

namespace IterativeDpo.Artifacts.Tests.Adapters.Peft;

public sealed class PeftExportTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Write_names_every_tensor_as_the_library_does()
    {
        using var file = Export(TinyAdapter.Create(TinyModel.Config()), TinyModel.Config());

        string[] modules =
        [
            "self_attn.q_proj",
            "self_attn.k_proj",
            "self_attn.v_proj",
            "self_attn.o_proj",
            "mlp.gate_proj",
            "mlp.up_proj",
            "mlp.down_proj",
        ];
        var expected = from layer in Enumerable.Range(0, 2)
                       from module in modules
                       from matrix in (string[])["lora_A", "lora_B"]
                       select $"base_model.model.model.layers.{layer}.{module}.{matrix}.weight";
        Assert.Equal(expected, file.Tensors.Keys);
        Assert.Equal([4, 64], file.Tensors["base_model.model.model.layers.1.mlp.down_proj.lora_A.weight"].Shape);
        Assert.Equal([16, 4], file.Tensors["base_model.model.model.layers.1.self_attn.k_proj.lora_B.weight"].Shape);
        Assert.Equal("pt", file.Metadata["format"]);
    }

    [Theory]
    [InlineData("llama", "block_sparse_moe.gate", "block_sparse_moe.experts.3.w2")]
    [InlineData("qwen3moe", "mlp.gate", "mlp.experts.3.down_proj")]
    [InlineData("qwen2moe", "mlp.gate", "mlp.experts.3.down_proj", "mlp.shared_expert.gate_proj")]
    public void Write_of_experts_names_each_and_is_read_back(string architecture, params string[] some)
    {
        var config = TinyModel.Config(architecture) with { Experts = new(4, 2, 16, architecture == "qwen2moe" ? 32 : 0) };
        var adapter = TinyAdapter.Create(config);
        using (var file = Export(adapter, config))
        {
            Assert.All(some, module => Assert.Contains($"base_model.model.model.layers.1.{module}.lora_B.weight", file.Tensors.Keys));
        }

        var back = PeftImport.Read(_directory.Root, config, TinyAdapter.Base);

        Assert.Equal(adapter.Maps.Select(map => map.Tensor), back.Maps.Select(map => map.Tensor));
        Assert.Equal(adapter.Maps.SelectMany(map => map.A.Concat(map.B)), back.Maps.SelectMany(map => map.A.Concat(map.B)));
    }

    [Fact]
    public void Write_of_an_adapter_on_experts_that_are_one_parameter_is_refused()
    {
        var config = TinyModel.Config("granitemoe") with { Experts = new(4, 2, 64) };

        var e = Assert.Throws<UserInputException>(() => Export(TinyAdapter.Create(config), config));

        Assert.Contains("the adapter is on 'blk.0.ffn_gate_exps.weight', and PEFT has no adapter on that", e.Message);
        using var file = Export(TinyAdapter.Create(config, 4, 8, "attn_q", "ffn_gate_inp"), config);
        Assert.Contains("base_model.model.model.layers.0.block_sparse_moe.router.layer.lora_A.weight", file.Tensors.Keys);
    }

    [Fact]
    public void Write_of_gpt_oss_names_its_attention_and_refuses_router_and_experts()
    {
        var config = TinyModel.Config("gpt-oss");

        var e = Assert.Throws<UserInputException>(() => Export(TinyAdapter.Create(config, 4, 8, "attn_q", "ffn_gate_inp"), config));

        Assert.Contains("the adapter is on 'blk.0.ffn_gate_inp.weight', and PEFT has no adapter on that", e.Message);
        using var file = Export(TinyAdapter.Create(config, 4, 8, "attn_q", "attn_k", "attn_v", "attn_output"), config);
        string[] modules = ["q_proj", "k_proj", "v_proj", "o_proj"];
        Assert.All(modules, module =>
            Assert.Contains($"base_model.model.model.layers.1.self_attn.{module}.lora_B.weight", file.Tensors.Keys));
    }

    [Fact]
    public void Write_of_a_fused_model_names_its_fused_modules()
    {
        var config = TinyModel.Config("phi3");
        using var file = Export(TinyAdapter.Create(config), config);

        string[] modules = ["self_attn.qkv_proj", "self_attn.o_proj", "mlp.gate_up_proj", "mlp.down_proj"];
        Assert.Equal(
            modules.SelectMany(module =>
                new[]
                {
                    $"base_model.model.model.layers.0.{module}.lora_A.weight",
                    $"base_model.model.model.layers.0.{module}.lora_B.weight",
                }),
            file.Tensors.Keys.Take(8));
        Assert.Equal([64, 4], file.Tensors["base_model.model.model.layers.1.self_attn.qkv_proj.lora_B.weight"].Shape);
        Assert.Equal([128, 4], file.Tensors["base_model.model.model.layers.1.mlp.gate_up_proj.lora_B.weight"].Shape);
    }

    [Fact]
    public void Write_of_a_model_that_convolves_names_each_block_s_own_modules()
    {
        var config = TinyModel.Config("lfm2");
        using var file = Export(TinyAdapter.Create(config), config);

        string[] convolving = ["conv.in_proj", "conv.out_proj"];
        string[] attending = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.out_proj"];
        string[] after = ["feed_forward.w1", "feed_forward.w3", "feed_forward.w2"];
        string[] modules =
        [
            .. convolving.Concat(after).Select(module => $"model.layers.0.{module}"),
            .. attending.Concat(after).Select(module => $"model.layers.1.{module}"),
        ];
        Assert.Equal(
            modules.SelectMany(module => new[] { $"base_model.model.{module}.lora_A.weight", $"base_model.model.{module}.lora_B.weight" }),
            file.Tensors.Keys);
        Assert.Equal([96, 4], file.Tensors["base_model.model.model.layers.0.conv.in_proj.lora_B.weight"].Shape);
        using var document = JsonDocument.Parse(File.ReadAllText(_directory["adapter_config.json"]));
        Assert.Equal(
            ["in_proj", "out_proj", "w1", "w3", "w2", "q_proj", "k_proj", "v_proj"],
            document.RootElement.GetProperty("target_modules").EnumerateArray().Select(name => name.GetString()!));
    }

    /// <summary>The GGUF's value head i is of key head i mod 2; there those of a key head are neighbours.</summary>
    [Fact]
    public void Write_of_a_model_with_delta_rules_names_its_modules_and_orders_value_heads_as_they_do()
    {
        var config = TinyModel.Config("qwen35");
        var adapter = TinyAdapter.Create(config);
        using var file = Export(adapter, config);

        float[] Written(string module, string matrix) =>
            file.ReadFloat32(file.Tensors[$"base_model.model.model.layers.0.linear_attn.{module}.lora_{matrix}.weight"]);
        LoraMap Map(string map) => adapter.Maps.Single(m => m.Tensor == $"blk.0.{map}.weight");
        int[] heads = [0, 2, 1, 3];
        Assert.Equal(heads.SelectMany(head => Map("ssm_beta").B[(head * 4)..(head * 4 + 4)]), Written("in_proj_b", "B"));
        Assert.Equal(heads.SelectMany(head => Map("ssm_alpha").B[(head * 4)..(head * 4 + 4)]), Written("in_proj_a", "B"));
        Assert.Equal(heads.SelectMany(head => Map("attn_gate").B[(head * 32)..(head * 32 + 32)]), Written("in_proj_z", "B"));
        var qkv = Map("attn_qkv").B;
        Assert.Equal(
            qkv[..128].Concat(heads.SelectMany(head => qkv[(128 + head * 32)..(160 + head * 32)])), Written("in_proj_qkv", "B"));
        Assert.Equal(
            Map("ssm_out").A.Chunk(32).SelectMany(row => heads.SelectMany(head => row[(head * 8)..(head * 8 + 8)])),
            Written("out_proj", "A"));
        Assert.Equal(Map("attn_qkv").A, Written("in_proj_qkv", "A"));
        Assert.Equal([64, 4], file.Tensors["base_model.model.model.layers.1.self_attn.q_proj.lora_B.weight"].Shape);
    }

    [Fact]
    public void Write_gives_the_configuration_the_library_reads()
    {
        Export(TinyAdapter.Create(TinyModel.Config(), 4, 8, "attn_q", "ffn_up"), TinyModel.Config()).Dispose();

        var expected = """
            {
              "alpha_pattern": {},
              "base_model_name_or_path": "org/tiny",
              "bias": "none",
              "fan_in_fan_out": false,
              "inference_mode": true,
              "init_lora_weights": true,
              "lora_alpha": 8,
              "lora_dropout": 0,
              "modules_to_save": null,
              "peft_type": "LORA",
              "r": 4,
              "rank_pattern": {},
              "target_modules": [
                "q_proj",
                "up_proj"
              ],
              "task_type": "CAUSAL_LM",
              "use_dora": false,
              "use_rslora": false
            }

            """;
        Assert.Equal(expected, File.ReadAllText(_directory["adapter_config.json"]));
    }

    [Fact]
    public void Write_of_maps_that_differ_by_block_names_whole_modules()
    {
        var adapter = TinyAdapter.Create(TinyModel.Config(), 4, 8, "attn_q", "ffn_up");
        Export(adapter with { Maps = [.. adapter.Maps.Where(map => map.Tensor != "blk.0.ffn_up.weight")] }, TinyModel.Config()).Dispose();

        using var document = JsonDocument.Parse(File.ReadAllText(_directory["adapter_config.json"]));
        Assert.Equal(
            ["model.layers.0.self_attn.q_proj", "model.layers.1.self_attn.q_proj", "model.layers.1.mlp.up_proj"],
            document.RootElement.GetProperty("target_modules").EnumerateArray().Select(name => name.GetString()!));
    }

    [Theory]
    [InlineData("llama", "attn_q", "self_attn.q_proj", 4)]
    [InlineData("llama", "attn_k", "self_attn.k_proj", 2)]
    [InlineData("smollm3", "attn_q", "self_attn.q_proj", 4)]
    [InlineData("granite", "attn_k", "self_attn.k_proj", 2)]
    public void Write_of_neighbours_that_rotate_splits_the_heads_rows(string architecture, string map, string module, int heads)
    {
        var adapter = TinyAdapter.Create(TinyModel.Config(architecture));
        using var file = Export(adapter, TinyModel.Config(architecture));

        // llama.cpp's converter writes row (half j, pair i) of a head as row 2i + j: this is the way back, for heads of 8.
        int[] rowsOfHead = [0, 2, 4, 6, 1, 3, 5, 7];
        var gguf = adapter.Maps.Single(m => m.Tensor == $"blk.1.{map}.weight").B.Chunk(4).ToArray();
        var expected = Enumerable.Range(0, heads).SelectMany(head => rowsOfHead.SelectMany(row => gguf[head * 8 + row]));
        Assert.Equal(expected, file.ReadFloat32(file.Tensors[$"base_model.model.model.layers.1.{module}.lora_B.weight"]));
    }

    [Theory]
    [InlineData("llama", "attn_v", "self_attn.v_proj")]
    [InlineData("llama", "attn_output", "self_attn.o_proj")]
    [InlineData("qwen2", "attn_q", "self_attn.q_proj")]
    [InlineData("qwen2", "attn_k", "self_attn.k_proj")]
    [InlineData("qwen3", "attn_q", "self_attn.q_proj")]
    [InlineData("gemma3", "attn_k", "self_attn.k_proj")]
    [InlineData("olmo2", "attn_q", "self_attn.q_proj")]
    [InlineData("phi3", "attn_qkv", "self_attn.qkv_proj")]
    [InlineData("phi3", "ffn_up", "mlp.gate_up_proj")]
    public void Write_leaves_the_rows_of_every_other_map(string architecture, string map, string module)
    {
        var config = TinyModel.Config(architecture);
        var adapter = TinyAdapter.Create(config);
        using var file = Export(adapter, config);

        var written = adapter.Maps.Single(m => m.Tensor == $"blk.0.{map}.weight");
        Assert.Equal(written.A, file.ReadFloat32(file.Tensors[$"base_model.model.model.layers.0.{module}.lora_A.weight"]));
        Assert.Equal(written.B, file.ReadFloat32(file.Tensors[$"base_model.model.model.layers.0.{module}.lora_B.weight"]));
    }

    private SafetensorsFile Export(LoraAdapter adapter, ModelConfig config)
    {
        PeftExport.Write(adapter, _directory.Root, config, "org/tiny", TensorType.F32);
        return SafetensorsFile.Open(_directory["adapter_model.safetensors"]);
    }
}

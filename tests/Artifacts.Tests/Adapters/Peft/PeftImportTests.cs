using IterativeDpo.Artifacts.Adapters.Peft;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Artifacts.Safetensors;
using IterativeDpo.Artifacts.Tests.Models;

namespace IterativeDpo.Artifacts.Tests.Adapters.Peft;

public sealed class PeftImportTests : IDisposable
{
    private const string Up = "base_model.model.model.layers.0.mlp.up_proj";
    private const string Gate = "base_model.model.model.layers.1.mlp.gate_proj";

    private static readonly ModelConfig Config = TinyModel.Config();

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("llama", 8f)]
    [InlineData("qwen2", 3.7f)]
    [InlineData("qwen35", 8f)]
    public void Read_of_an_exported_adapter_gives_it_back(string architecture, float alpha)
    {
        var config = TinyModel.Config(architecture);
        var adapter = TinyAdapter.Create(config, 4, alpha);
        PeftExport.Write(adapter, _directory.Root, config, "org/tiny", TensorType.F32);

        var read = PeftImport.Read(_directory.Root, config, TinyAdapter.Base);

        Assert.Equal((4, alpha, TinyAdapter.Base), (read.Rank, read.Alpha, read.Manifest.BaseSha256));
        Assert.Equal(adapter.Maps.Select(map => map.Tensor), read.Maps.Select(map => map.Tensor));
        Assert.Equal(adapter.Maps.SelectMany(map => map.A.Concat(map.B)), read.Maps.SelectMany(map => map.A.Concat(map.B)));
    }

    [Theory]
    [InlineData(TensorType.F16)]
    [InlineData(TensorType.BF16)]
    public void Read_of_half_precision_rounds_once(TensorType type)
    {
        var adapter = TinyAdapter.Create(Config);
        PeftExport.Write(adapter, _directory.Root, Config, "org/tiny", type);
        var read = PeftImport.Read(_directory.Root, Config, TinyAdapter.Base);
        var tolerance = type == TensorType.F16 ? 1 / 4096f : 1 / 512f;

        Assert.All(
            adapter.Maps.Zip(read.Maps),
            pair => Assert.All(pair.First.B.Zip(pair.Second.B), b => Assert.Equal(b.First, b.Second, tolerance)));
    }

    [Fact]
    public void Read_of_rsLoRA_takes_the_alpha_that_gives_its_scale()
    {
        Write("""{"peft_type":"LORA","r":4,"lora_alpha":6,"use_rslora":true}""", (Up, 4, 1));

        var read = PeftImport.Read(_directory.Root, Config, TinyAdapter.Base);

        Assert.Equal(6 / MathF.Sqrt(4), read.Alpha / read.Rank);
    }

    [Theory]
    [InlineData("mlp.up_proj")]
    [InlineData("up_proj")]
    [InlineData("model.layers.0.mlp.up_proj")]
    [InlineData("layers\\\\.[01]\\\\.mlp\\\\.up_.*")]
    public void Read_with_patterns_fills_up_the_rank_and_moves_the_scale_into_B(string pattern)
    {
        Write(
            $$"""{"peft_type":"LORA","r":4,"lora_alpha":8,"rank_pattern":{"{{pattern}}":2},"alpha_pattern":{"{{pattern}}":12} }""",
            (Up, 2, 1), (Gate, 4, 1));

        var read = PeftImport.Read(_directory.Root, Config, TinyAdapter.Base);

        Assert.Equal((4, 8f), (read.Rank, read.Alpha));
        // 12 / 2 over 8 / 4.
        var up = read.Maps.Single(map => map.Tensor == "blk.0.ffn_up.weight");
        Assert.Equal([3, 3, 0, 0], up.B[..4]);
        Assert.All(up.A[..64], value => Assert.Equal(1, value));
        Assert.All(up.A[64..], value => Assert.Equal(0, value));
        Assert.All(read.Maps.Single(map => map.Tensor == "blk.1.ffn_gate.weight").B, value => Assert.Equal(1, value));
    }

    [Theory]
    [InlineData("\"use_dora\":true", "'use_dora': DoRA")]
    [InlineData("\"bias\":\"all\"", "'bias': 'all'")]
    [InlineData("\"modules_to_save\":[\"lm_head\"]", "'modules_to_save'")]
    [InlineData("\"trainable_token_indices\":[1]", "'trainable_token_indices'")]
    [InlineData("\"lora_bias\":true", "'lora_bias'")]
    [InlineData("\"fan_in_fan_out\":true", "'fan_in_fan_out'")]
    [InlineData("\"layer_replication\":[[0,1]]", "'layer_replication'")]
    [InlineData("\"alora_invocation_tokens\":[7]", "'alora_invocation_tokens'")]
    [InlineData("\"init_lora_weights\":\"pissa_niter_4\"", "'init_lora_weights': 'pissa_niter_4' changed the base's weights")]
    [InlineData("\"peft_type\":\"ADALORA\"", "'peft_type': 'ADALORA' is not LORA")]
    [InlineData("\"peft_type\":1", "'peft_type': missing, or no text")]
    [InlineData("\"lora_alpha\":0", "'lora_alpha': 0 is no number over 0")]
    [InlineData("\"lora_alpha\":\"8\"", "'lora_alpha'")]
    [InlineData("\"lora_alpha\":1e60", "'lora_alpha'")]
    [InlineData("\"alpha_pattern\":[1]", "'alpha_pattern': no JSON object")]
    [InlineData("\"alpha_pattern\":{\"(\":1}", "'alpha_pattern': '(' is no regular expression")]
    [InlineData("\"alpha_pattern\":{\"(?=x)\":1}", "'alpha_pattern': '(?=x)' is no regular expression")]
    [InlineData("\"r\":8", "has the rank 4, but adapter_config.json says 8")]
    public void Read_of_what_a_llama_cpp_adapter_cannot_hold_says_why(string setting, string problem)
    {
        var key = setting[..setting.IndexOf(':')];
        var rest = new[] { "\"peft_type\":\"LORA\"", "\"r\":4", "\"lora_alpha\":8" }.Where(entry => !entry.StartsWith(key));
        Write($"{{{string.Join(",", rest.Append(setting))}}}", (Up, 4, 1));

        AssertRefused(problem);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    public void Read_with_a_value_that_is_not_finite_names_the_tensor(float value)
    {
        Write("""{"peft_type":"LORA","r":4,"lora_alpha":8}""", (Up, 4, value));
        AssertRefused($"tensor '{Up}.lora_A.weight' has values that are not finite");
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"peft_type\":")]
    [InlineData("{\"peft_type\":\"\\ud800\"}")]
    public void Read_of_a_malformed_configuration_says_so(string text)
    {
        Write(text, (Up, 4, 1));
        AssertRefused("adapter_config.json: not a PEFT configuration");
    }

    [Fact]
    public void Read_without_r_names_the_key()
    {
        Write("""{"peft_type":"LORA","lora_alpha":8}""", (Up, 4, 1));
        AssertRefused("'r': missing");
    }

    [Theory]
    [InlineData("base_model.model.lm_head.lora_A.weight")]
    [InlineData("base_model.model.model.embed_tokens.lora_embedding_A")]
    [InlineData("base_model.model.model.layers.2.mlp.up_proj.lora_A.weight")]
    [InlineData("base_model.model.model.layers.0.mlp.up_proj.lora_magnitude_vector.weight")]
    public void Read_with_a_tensor_of_no_map_names_it(string name)
    {
        WriteConfig("""{"peft_type":"LORA","r":4,"lora_alpha":8}""");
        Writer((Up, 4, 1)).Add(name, [4, 32], () => new float[128]).Write(_directory["adapter_model.safetensors"]);

        AssertRefused($"tensor '{name}' belongs to no map of this base");
    }

    [Theory]
    [InlineData("lora_A", "lora_B")]
    [InlineData("lora_B", "lora_A")]
    public void Read_with_one_matrix_of_a_map_names_the_other(string there, string missing)
    {
        WriteConfig("""{"peft_type":"LORA","r":4,"lora_alpha":8}""");
        new SafetensorsWriter(TensorType.F32)
            .Add($"{Up}.{there}.weight", [4, 32], () => new float[128])
            .Write(_directory["adapter_model.safetensors"]);

        AssertRefused($"tensor '{Up}.{missing}.weight' is missing");
    }

    [Theory]
    [InlineData(new[] { 4, 31 }, new[] { 64, 4 }, "lora_A.weight' has the shape [4, 31], not [rank, 32]")]
    [InlineData(new[] { 128 }, new[] { 64, 4 }, "lora_A.weight' has the shape [128], not [rank, 32]")]
    [InlineData(new[] { 0, 32 }, new[] { 64, 0 }, "lora_A.weight' has the shape [0, 32], not [rank, 32]")]
    [InlineData(new[] { 33, 32 }, new[] { 64, 33 }, "lora_A.weight' has the rank 33, more than 32, the smaller side of the map [64, 32]")]
    [InlineData(new[] { 4, 32 }, new[] { 63, 4 }, "lora_B.weight' has the shape [63, 4], not [64, 4]")]
    [InlineData(new[] { 4, 32 }, new[] { 64, 3 }, "lora_B.weight' has the shape [64, 3], not [64, 4]")]
    public void Read_with_a_shape_that_does_not_fit_the_base_says_which(int[] a, int[] b, string problem)
    {
        WriteConfig("""{"peft_type":"LORA","r":4,"lora_alpha":8}""");
        new SafetensorsWriter(TensorType.F32)
            .Add($"{Up}.lora_A.weight", a, () => new float[a.Aggregate(1, (x, y) => x * y)])
            .Add($"{Up}.lora_B.weight", b, () => new float[b.Aggregate(1, (x, y) => x * y)])
            .Write(_directory["adapter_model.safetensors"]);

        AssertRefused(problem);
    }

    [Fact]
    public void Read_without_the_directory_or_a_file_says_which()
    {
        var error = Assert.Throws<UserInputException>(() => PeftImport.Read(_directory["none"], Config, TinyAdapter.Base));
        Assert.Contains("there is no such directory", error.Message);
        AssertRefused("adapter_config.json: there is no such file");
        WriteConfig("""{"peft_type":"LORA","r":4,"lora_alpha":8}""");
        AssertRefused("adapter_model.safetensors: there is no such file");
        File.WriteAllText(_directory["adapter_model.bin"], "");
        AssertRefused("pickled adapter_model.bin");
        new SafetensorsWriter(TensorType.F32).Write(_directory["adapter_model.safetensors"]);
        AssertRefused("the file has no tensor");
    }

    private void Write(string config, params (string Module, int Rank, float Value)[] modules)
    {
        WriteConfig(config);
        Writer(modules).Write(_directory["adapter_model.safetensors"]);
    }

    private void WriteConfig(string config) => File.WriteAllText(_directory["adapter_config.json"], config);

    /// <summary>Gate or up maps [64, 32] with one value everywhere.</summary>
    private static SafetensorsWriter Writer(params (string Module, int Rank, float Value)[] modules)
    {
        var writer = new SafetensorsWriter(TensorType.F32);
        foreach (var (module, rank, value) in modules)
        {
            writer.Add($"{module}.lora_A.weight", [rank, 32], () => Filled(rank * 32));
            writer.Add($"{module}.lora_B.weight", [64, rank], () => Filled(64 * rank));
            float[] Filled(int count) => [.. Enumerable.Repeat(value, count)];
        }
        return writer;
    }

    private void AssertRefused(string problem)
    {
        var error = Assert.Throws<UserInputException>(() => PeftImport.Read(_directory.Root, Config, TinyAdapter.Base));
        Assert.StartsWith(_directory.Root, error.Message);
        Assert.Contains(problem, error.Message);
    }
}

using IterativeDpo.Artifacts.Adapters;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Artifacts.Tests.Models;

namespace IterativeDpo.Artifacts.Tests.Adapters;

public sealed class LoraAdapterTests : IDisposable
{
    private const int Rank = 4;

    private static readonly Digest Base = Digest.Of([1]);
    private static readonly ModelConfig Config = TinyModel.Config();

    private readonly TemporaryDirectory _directory = new();

    private string File => _directory["adapter.gguf"];

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(null)]
    [InlineData("1111111111111111111111111111111111111111111111111111111111111111")]
    public void Read_gives_what_was_written(string? parent)
    {
        var manifest = new AdapterManifest(Base, parent is null ? null : Digest.Parse(parent), "é campaign", 3, """{"beta":0.1}""");
        var adapter = Adapter("attn_q", "ffn_down") with { Manifest = manifest };
        adapter.Write(File, Config);

        var read = LoraAdapter.Read(File, Config, Base);

        Assert.Equal((Rank, 8f, manifest), (read.Rank, read.Alpha, read.Manifest));
        Assert.Equal(adapter.Maps.Select(map => map.Tensor), read.Maps.Select(map => map.Tensor));
        Assert.Equal(adapter.Maps.SelectMany(map => map.A.Concat(map.B)), read.Maps.SelectMany(map => map.A.Concat(map.B)));
    }

    [Fact]
    public void Write_lays_the_file_out_as_llama_cpp_reads_it()
    {
        Adapter("attn_k").Write(File, Config);

        using var file = GgufFile.Open(File);

        Assert.Equal("adapter", file.Metadata.GetString("general.type"));
        Assert.Equal("llama", file.Metadata.GetString("general.architecture"));
        Assert.Equal("lora", file.Metadata.GetString("adapter.type"));
        Assert.Equal(8f, file.Metadata.GetSingle("adapter.lora.alpha"));
        Assert.Equal([Rank, 32], file.Tensors["blk.0.attn_k.weight.lora_a"].Shape);
        Assert.Equal([16, Rank], file.Tensors["blk.0.attn_k.weight.lora_b"].Shape);
    }

    [Fact]
    public void Write_twice_gives_the_same_bytes()
    {
        Adapter("attn_q").Write(File, Config);
        Adapter("attn_q").Write(_directory["again.gguf"], Config);

        Assert.Equal(Digest.OfFile(File), Digest.OfFile(_directory["again.gguf"]));
    }

    [Fact]
    public void Write_refuses_a_map_of_another_shape()
    {
        var adapter = Adapter("attn_q") with { Maps = [new("blk.0.attn_q.weight", new float[3], new float[128])] };

        Assert.Contains("needs A [4, 32] and B [32, 4]", Assert.Throws<ArgumentException>(() => adapter.Write(File, Config)).Message);
    }

    [Fact]
    public void Write_refuses_a_tensor_that_is_no_map()
    {
        var adapter = Adapter("attn_q") with { Maps = [new("output.weight", [], [])] };

        Assert.Contains("'output.weight' is not a map", Assert.Throws<ArgumentException>(() => adapter.Write(File, Config)).Message);
    }

    [Fact]
    public void Read_for_another_base_names_both_and_the_way_out()
    {
        Adapter("attn_q").Write(File, Config);
        var other = Digest.Of([2]);

        var error = Assert.Throws<UserInputException>(() => LoraAdapter.Read(File, Config, other));

        Assert.Equal($"{File}: this adapter belongs to another base model: it was trained on {Base}, and the base given is {other}. "
            + "Give the base it was trained on, or an adapter of this base.", error.Message);
    }

    [Fact]
    public void Read_of_a_model_says_that_it_is_no_adapter()
    {
        TinyModel.Write(File, Config);

        AssertRefused("'general.type' is 'model', where a LoRA adapter of this base has 'adapter'");
    }

    [Theory]
    [InlineData("adapter.type", "control_vector", "'adapter.type' is 'control_vector'")]
    [InlineData("general.architecture", "qwen2", "'general.architecture' is 'qwen2', where a LoRA adapter of this base has 'llama'")]
    [InlineData("adapter.lora.alpha", float.NaN, "'adapter.lora.alpha' is NaN")]
    [InlineData("adapter.lora.alpha", null, "the metadata key 'adapter.lora.alpha' is missing")]
    [InlineData("iterativedpo.base_sha256", null, "does not say which base it belongs to")]
    [InlineData("iterativedpo.round", 4_000_000_000u, "'iterativedpo.round' is 4000000000")]
    [InlineData("iterativedpo.settings", null, "the metadata key 'iterativedpo.settings' is missing")]
    public void Read_refuses_metadata_it_cannot_use(string key, object? value, string problem)
    {
        WriteChanged(metadata => metadata[key] = value, tensors => tensors);

        AssertRefused(problem);
    }

    public static TheoryData<string, string[], int[][]> BadTensors()
    {
        const string a = "blk.0.attn_q.weight.lora_a", b = "blk.0.attn_q.weight.lora_b";
        return new()
        {
            { $"tensor '{b}' is missing", [a], [[4, 32]] },
            { $"tensor '{a}' is missing", [b], [[32, 4]] },
            { $"tensor '{a}' has the shape [4, 31], not [4, 32]", [a, b], [[4, 31], [32, 4]] },
            { $"tensor '{b}' has the shape [32, 5], not [32, 4]", [a, b], [[4, 32], [32, 5]] },
            { "tensor 'blk.1.attn_q.weight.lora_a' has the shape [2, 32], not [4, 32]",
                [a, b, "blk.1.attn_q.weight.lora_a", "blk.1.attn_q.weight.lora_b"], [[4, 32], [32, 4], [2, 32], [32, 2]] },
            { "tensor 'output.weight.lora_a' does not belong to any map", [a, b, "output.weight.lora_a"], [[4, 32], [32, 4], [4, 32]] },
            { "has no tensor of this model", ["blk.7.attn_q.weight.lora_a"], [[4, 32]] },
        };
    }

    [Theory]
    [MemberData(nameof(BadTensors))]
    public void Read_refuses_tensors_that_do_not_fit_the_base(string problem, string[] names, int[][] shapes)
    {
        WriteChanged(_ => { }, _ => names.Zip(shapes).ToDictionary(pair => pair.First, pair => pair.Second));

        AssertRefused(problem);
    }

    private static LoraAdapter Adapter(params string[] maps) => new(Rank, 8, new(Base, null, "c", 1, "{}"),
        [.. Config.ListBlockMaps().Where(tensor => maps.Any(map => tensor.Name.Contains(map))).Select(Map)]);

    private static LoraMap Map(TensorSpec tensor) => new(
        tensor.Name,
        TinyModel.Values(tensor with { Shape = [Rank, tensor.Shape[1]] }),
        TinyModel.Values(tensor with { Shape = [tensor.Shape[0], Rank] }));

    /// <summary>Writes a good adapter again with other metadata (null: without) and tensors.</summary>
    private void WriteChanged(Action<Dictionary<string, object?>> metadata, Func<Dictionary<string, int[]>, Dictionary<string, int[]>> tensors)
    {
        Adapter("attn_q").Write(File, Config);
        var values = new Dictionary<string, object?>();
        Dictionary<string, int[]> shapes;
        using (var file = GgufFile.Open(File))
        {
            foreach (var (key, value) in file.Metadata) values[key] = value;
            shapes = tensors(file.Tensors.ToDictionary(tensor => tensor.Key, tensor => tensor.Value.Shape));
        }
        metadata(values);
        var writer = new GgufWriter();
        foreach (var (key, value) in values.Where(entry => entry.Value is not null)) writer.Set(key, value!);
        foreach (var (name, shape) in shapes) writer.Add(name, shape, TensorType.F32, new float[shape[0] * shape[1]]);
        writer.Write(File);
    }

    private void AssertRefused(string problem)
    {
        var error = Assert.Throws<UserInputException>(() => LoraAdapter.Read(File, Config, Base));
        Assert.StartsWith(File, error.Message);
        Assert.Contains(problem, error.Message);
    }
}

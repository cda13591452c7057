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
            {
                "tensor 'blk.1.attn_q.weight.lora_a' has the rank 2, and others have 4. An adapter of another program is taken in by ./dpo import",
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

    [Fact]
    public void Import_of_experts_of_a_lower_rank_widens_each_of_them()
    {
        var config = TinyModel.Config("qwen3moe");
        var writer = new GgufWriter()
            .Set("general.type", "adapter").Set("general.architecture", "qwen3moe").Set("adapter.type", "lora").Set("adapter.lora.alpha", 4f);
        float[] Values(int count) => [.. Enumerable.Range(1, count).Select(i => (float)i)];
        void Add(string map, int[] shape, int rank)
        {
            var (a, b) = (LoraShapes.A(shape, rank), LoraShapes.B(shape, rank));
            writer.Add($"blk.0.{map}.weight.lora_a", a, TensorType.F32, Values(a.Aggregate((x, y) => x * y)));
            writer.Add($"blk.0.{map}.weight.lora_b", b, TensorType.F32, Values(b.Aggregate((x, y) => x * y)));
        }
        Add("attn_q", [32, 32], 4);
        Add("ffn_down_exps", [4, 32, 16], 1);
        writer.Write(File);

        var map = LoraAdapter.Import(File, config, Base).Maps.Single(map => map.Tensor == "blk.0.ffn_down_exps.weight");

        Assert.Equal((4 * 4 * 16, 4 * 32 * 4), (map.A.Length, map.B.Length));
        for (var expert = 0; expert < 4; expert++)
        {
            Assert.Equal(Values(64).AsSpan(expert * 16, 16), map.A.AsSpan(expert * 4 * 16, 16));
            Assert.All(map.A[(expert * 64 + 16)..(expert * 64 + 64)], value => Assert.Equal(0, value));
        }
        // alpha / rank is 4 there and 1 here.
        Assert.Equal(4f * 33, map.B[32 * 4]);
    }

    [Theory]
    [InlineData(8f)]
    [InlineData(0f)]
    public void Import_of_another_programs_adapter_keeps_every_maps_update(float alpha)
    {
        LoraMap[] maps = [WriteForeign(alpha, "blk.0.attn_q.weight", 2), WriteForeign(alpha, "blk.1.attn_q.weight", 4)];

        var imported = LoraAdapter.Import(File, Config, Base);
        imported.Write(_directory["own.gguf"], Config);

        var own = LoraAdapter.Read(_directory["own.gguf"], Config, Base);
        Assert.Equal((4, Base), (own.Rank, own.Manifest.BaseSha256));
        foreach (var (map, taken) in maps.Zip(own.Maps))
        {
            Assert.Equal(map.Tensor, taken.Tensor);
            // llama.cpp: alpha / rank of each map, and 1 for an alpha of 0.
            var rank = map.A.Length / 32;
            Assert.Equal(
                Update(map, rank, alpha == 0 ? 1 : alpha / rank),
                Update(taken, 4, own.Alpha / 4),
                (a, b) => Math.Abs(a - b) < 1e-5);
        }
    }

    [Fact]
    public void Import_refuses_what_does_not_fit_the_base_and_our_own_of_another_base()
    {
        WriteForeign(8, "blk.0.attn_k.weight", 2, outputs: 32);
        Assert.Contains(
            "'blk.0.attn_k.weight.lora_b' has the shape [32, 2], not [16, 2]",
            Assert.Throws<UserInputException>(() => LoraAdapter.Import(File, Config, Base)).Message);

        Adapter("attn_q").Write(File, Config);
        Assert.Contains(
            "belongs to another base model",
            Assert.Throws<UserInputException>(() => LoraAdapter.Import(File, Config, Digest.Of([2]))).Message);
    }

    [Fact]
    public void Read_of_another_programs_adapter_says_how_it_is_taken_in()
    {
        WriteForeign(8, "blk.0.attn_q.weight", 2);

        AssertRefused(
            "does not say which base it belongs to (no 'iterativedpo.base_sha256'). An adapter of another program is taken in by ./dpo import FILE --model BASE --out adapter.gguf");
    }

    private readonly Dictionary<string, LoraMap> _foreign = [];

    /// <summary>As llama.cpp's convert_lora_to_gguf.py writes it, with the maps of earlier calls.</summary>
    private LoraMap WriteForeign(float alpha, string name, int rank, int outputs = 32)
    {
        _foreign[name] = new(
            name,
            TinyModel.Values(new TensorSpec($"{name}.a", [rank, 32])),
            TinyModel.Values(new TensorSpec($"{name}.b", [outputs, rank])));
        var writer = new GgufWriter()
            .Set("general.type", "adapter")
            .Set("general.architecture", "llama")
            .Set("adapter.type", "lora")
            .Set("adapter.lora.alpha", alpha);
        foreach (var map in _foreign.Values)
        {
            writer.Add($"{map.Tensor}.lora_a", [map.A.Length / 32, 32], TensorType.F32, map.A);
            writer.Add($"{map.Tensor}.lora_b", [map.B.Length * 32 / map.A.Length, map.A.Length / 32], TensorType.F32, map.B);
        }
        writer.Write(File);
        return _foreign[name];
    }

    /// <summary>scale · B A, [out, 32].</summary>
    private static IEnumerable<float> Update(LoraMap map, int rank, float scale) =>
        from row in Enumerable.Range(0, map.B.Length / rank)
        from column in Enumerable.Range(0, 32)
        select scale * Enumerable.Range(0, rank).Sum(i => map.B[row * rank + i] * map.A[i * 32 + column]);

    private static LoraAdapter Adapter(params string[] maps) => new(Rank, 8, new(Base, null, "c", 1, "{}"),
        [.. Config.ListBlockMaps().Where(tensor => maps.Any(map => tensor.Name.Contains(map))).Select(Map)]);

    private static LoraMap Map(TensorSpec tensor) => new(
        tensor.Name,
        TinyModel.Values(tensor with { Shape = [Rank, tensor.Shape[1]] }),
        TinyModel.Values(tensor with { Shape = [tensor.Shape[0], Rank] }));

    /// <summary>Writes a good adapter again with other metadata (null: without) and tensors.</summary>
    private void WriteChanged(
        Action<Dictionary<string, object?>> metadata,
        Func<Dictionary<string, int[]>, Dictionary<string, int[]>> tensors)
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

using IterativeDpo.Artifacts.Adapters;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Tests.Gguf;
using IterativeDpo.Artifacts.Tests.Models;

namespace IterativeDpo.Artifacts.Tests.Adapters;

public sealed class AdapterMergeTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Base => _directory["base.gguf"];

    private string Merged => _directory["merged.gguf"];

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(TensorType.F32)]
    [InlineData(null)]
    public void Write_adds_alpha_over_rank_times_B_A(TensorType? type)
    {
        var adapter = TinyAdapter.Create(TinyModel.Config(), 4, 6, "attn_k", "ffn_down");
        using var original = WriteBase(TensorType.F32);
        Merge(original, adapter, type);

        using var merged = GgufFile.Open(Merged);
        foreach (var tensor in original.Tensors.Values)
        {
            var expected = original.ReadFloat32(tensor);
            var map = adapter.Maps.SingleOrDefault(m => m.Tensor == tensor.Name);
            for (var i = 0; map is not null && i < expected.Length; i++)
            {
                var (row, column) = Math.DivRem(i, tensor.Shape[1]);
                expected[i] += 6f / 4 * Enumerable.Range(0, 4).Sum(k => map.B[row * 4 + k] * map.A[k * tensor.Shape[1] + column]);
            }
            Assert.All(expected.Zip(merged.ReadFloat32(merged.Tensors[tensor.Name])), pair => Assert.Equal(pair.First, pair.Second, 1e-6f));
        }
    }

    [Theory]
    [InlineData(TensorType.F16)]
    [InlineData(TensorType.BF16)]
    [InlineData(TensorType.Q8_0)]
    public void Write_in_another_type_stores_every_map_in_it(TensorType type)
    {
        using var original = WriteBase(TensorType.F32);
        Merge(original, TinyAdapter.Create(TinyModel.Config()), type);

        using var merged = GgufFile.Open(Merged);
        Assert.All(merged.Tensors.Values, tensor => Assert.Equal(tensor.Shape.Length == 1 ? TensorType.F32 : type, tensor.Type));
    }

    [Fact]
    public void Write_of_experts_adds_each_its_own_product_and_leaves_the_router_exact()
    {
        var config = TinyModel.Config("granitemoe");
        TinyModel.Write(Base, config);
        using var original = GgufFile.Open(Base);
        var adapter = TinyAdapter.Create(config, 4, 8, "ffn_up_exps");
        Merge(original, adapter, TensorType.BF16);

        using var merged = GgufFile.Open(Merged);
        var (name, a, b) = adapter.Maps[1];
        var (before, after) = (original.ReadFloat32(original.Tensors[name]), merged.ReadFloat32(merged.Tensors[name]));
        for (var i = 0; i < before.Length; i++)
        {
            var (row, column) = Math.DivRem(i, 32);
            var expert = row / 64;
            var update = Enumerable.Range(0, 4).Sum(k => b[row * 4 + k] * a[(expert * 4 + k) * 32 + column]);
            Assert.Equal(before[i] + 2 * update, after[i], 0.02f);
        }
        Assert.Equal((TensorType.F32, TensorType.BF16), (merged.Tensors["blk.0.ffn_gate_inp.weight"].Type, merged.Tensors[name].Type));
    }

    [Fact]
    public void Write_keeping_types_copies_what_the_adapter_leaves_alone()
    {
        using var original = WriteBase(TensorType.Q8_0);
        Merge(original, TinyAdapter.Create(TinyModel.Config(), 4, 8, "attn_q"), null);

        using var merged = GgufFile.Open(Merged);
        Assert.Equal(
            original.Tensors.Values.Select(tensor => (tensor.Name, tensor.Type)),
            merged.Tensors.Values.Select(tensor => (tensor.Name, tensor.Type)));
        Assert.All(original.Tensors.Values, tensor => Assert.Equal(
            !tensor.Name.Contains("attn_q"), original.Bytes(tensor).SequenceEqual(merged.Bytes(merged.Tensors[tensor.Name]))));
    }

    [Fact]
    public void Write_keeps_metadata_and_vocabulary()
    {
        TinyModel.WriteChanged(Base, metadata => metadata["tokenizer.chat_template"] = "{{ messages }}");
        using var original = GgufFile.Open(Base);
        Merge(original, TinyAdapter.Create(TinyModel.Config()), null);

        using var merged = GgufFile.Open(Merged);
        Assert.Equal(original.Metadata.Select(entry => entry.Key), merged.Metadata.Select(entry => entry.Key));
        Assert.Equal("{{ messages }}", merged.Metadata.GetString("tokenizer.chat_template"));
        Assert.Equal(
            original.Metadata.GetArray<string>("tokenizer.ggml.tokens"),
            merged.Metadata.GetArray<string>("tokenizer.ggml.tokens"));
    }

    [Fact]
    public void Write_keeping_a_type_that_is_not_written_says_what_is()
    {
        using var original = WriteQ4();

        var error = Assert.Throws<UserInputException>(() => Merge(original, TinyAdapter.Create(TinyModel.Config()), null));

        Assert.Equal($"{Base}: tensor 'blk.0.attn_q.weight' is stored as Q4_0, which is read, not written. "
            + "Choose Q8_0, F16, BF16 or F32 for the new file.", error.Message);
        Assert.False(File.Exists(Merged));
    }

    [Fact]
    public void Write_that_is_cancelled_leaves_no_file()
    {
        using var original = WriteBase(TensorType.F32);
        using var source = new CancellationTokenSource();
        var progress = new Callback(merged =>
        {
            if (merged == 3) source.Cancel();
        });

        Assert.Throws<OperationCanceledException>(
            () => new AdapterMerge(original, TinyAdapter.Create(TinyModel.Config()), progress, source.Token).Write(Merged, TensorType.F32));
        Assert.Equal([Base], Directory.GetFiles(_directory.Root));
    }

    private GgufFile WriteBase(TensorType type)
    {
        TinyModel.Write(Base, TinyModel.Config(), type);
        return GgufFile.Open(Base);
    }

    /// <summary>The tiny model with blk.0.attn_q.weight, a matrix of 32 × 32, as Q4_0.</summary>
    private GgufFile WriteQ4()
    {
        var raw = _directory["q4.gguf"];
        RawGguf.Write(raw, [], [new("blk.0.attn_q.weight", [32, 32], (uint)TensorType.Q4_0, 0)], new byte[32 * 32 / 32 * 18]);
        TinyModel.Write(Base, TinyModel.Config());
        using (var tiny = GgufFile.Open(Base))
        using (var quantised = GgufFile.Open(raw))
        {
            var writer = new GgufWriter();
            foreach (var (key, value) in tiny.Metadata) writer.Set(key, value);
            foreach (var tensor in tiny.Tensors.Values)
            {
                if (quantised.Tensors.TryGetValue(tensor.Name, out var other)) writer.Copy(quantised, other);
                else writer.Copy(tiny, tensor);
            }
            writer.Write(_directory["mixed.gguf"]);
        }
        File.Move(_directory["mixed.gguf"], Base, overwrite: true);
        File.Delete(raw);
        return GgufFile.Open(Base);
    }

    private void Merge(GgufFile original, LoraAdapter adapter, TensorType? type) =>
        new AdapterMerge(original, adapter, null, default).Write(Merged, type);

    private sealed class Callback(Action<int> report) : IProgress<int>
    {
        public void Report(int value) => report(value);
    }
}

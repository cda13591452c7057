using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Artifacts.Tests.Models;

public sealed class ModelWriterTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(TensorType.F32)]
    [InlineData(TensorType.F16)]
    [InlineData(TensorType.BF16)]
    [InlineData(TensorType.Q8_0)]
    public void Write_keeps_norms_in_F32_whatever_the_type(TensorType type)
    {
        TinyModel.Write(_directory["m.gguf"], TinyModel.Config("qwen2"), type);

        using var file = GgufFile.Open(_directory["m.gguf"]);

        Assert.All(file.Tensors.Values, tensor => Assert.Equal(tensor.Shape.Length == 1 ? TensorType.F32 : type, tensor.Type));
        Assert.Equal(TinyModel.Config("qwen2"), ModelConfig.Read(file));
    }

    [Fact]
    public void Write_keeps_kernels_in_F32_whatever_the_type()
    {
        TinyModel.Write(_directory["m.gguf"], TinyModel.Config("lfm2"), TensorType.Q8_0);

        using var file = GgufFile.Open(_directory["m.gguf"]);

        Assert.Equal(TensorType.F32, file.Tensors["blk.0.shortconv.conv.weight"].Type);
        Assert.Equal(TensorType.Q8_0, file.Tensors["blk.0.shortconv.in_proj.weight"].Type);
        Assert.Equal(TinyModel.Config("lfm2"), ModelConfig.Read(file));
    }

    [Fact]
    public void Write_keeps_routers_in_F32_whatever_the_type()
    {
        TinyModel.Write(_directory["m.gguf"], TinyModel.Config("qwen2moe"), TensorType.F16);

        using var file = GgufFile.Open(_directory["m.gguf"]);

        Assert.Equal(TensorType.F32, file.Tensors["blk.0.ffn_gate_inp.weight"].Type);
        Assert.Equal(TensorType.F16, file.Tensors["blk.0.ffn_gate_exps.weight"].Type);
    }

    [Fact]
    public void Write_gives_every_tensor_its_own_values()
    {
        TinyModel.Write(_directory["m.gguf"], TinyModel.Config());

        using var file = GgufFile.Open(_directory["m.gguf"]);

        Assert.All(
            TinyModel.Config().ListTensors(),
            tensor => Assert.Equal(TinyModel.Values(tensor), file.ReadFloat32(file.Tensors[tensor.Name])));
    }

    [Fact]
    public void Write_in_a_type_that_does_not_fit_the_rows_says_what_does()
    {
        var config = TinyModel.Config() with { FeedForwardDim = 40 };

        var error = Assert.Throws<UserInputException>(() => TinyModel.Write(_directory["m.gguf"], config, TensorType.Q8_0));

        Assert.Equal($"{_directory["m.gguf"]}: tensor 'blk.0.ffn_down.weight' has rows of 40, and Q8_0 needs a multiple of 32. "
            + "Choose F16, BF16 or F32.", error.Message);
        Assert.False(File.Exists(_directory["m.gguf"]));
    }

    [Fact]
    public void WriteLike_keeps_the_metadata_and_takes_the_new_weights()
    {
        TinyModel.WriteChanged(_directory["m.gguf"], metadata => metadata["extra.key"] = "kept");
        using var original = GgufFile.Open(_directory["m.gguf"]);

        ModelWriter.WriteLike(original, _directory["n.gguf"], name => new float[original.Tensors[name].Elements], TensorType.F16);

        using var written = GgufFile.Open(_directory["n.gguf"]);
        Assert.Equal(original.Metadata.Select(entry => entry.Key), written.Metadata.Select(entry => entry.Key));
        Assert.Equal("kept", written.Metadata.GetString("extra.key"));
        Assert.Equal(1u, written.Metadata.GetUInt32("general.file_type"));
        Assert.Equal(TinyModel.Config(), ModelConfig.Read(written));
        Assert.All(written.Tensors.Values, tensor => Assert.All(written.ReadFloat32(tensor), value => Assert.Equal(0, value)));
    }
}

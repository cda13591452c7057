using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Artifacts.Safetensors;

namespace IterativeDpo.Artifacts.Tests.Models;

public sealed class RewardHeadTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Read_gguf_givesWeightAndBias()
    {
        new GgufWriter().Add("cls.output.weight", [1, 3], TensorType.F32, new float[] { 1, 2, 3 })
            .Add("cls.output.bias", [1], TensorType.F32, new float[] { 0.5f }).Write(_directory["head.gguf"]);

        Assert.Equal(1 * 4 + 2 * 5 + 3 * 6 + 0.5, RewardHead.Read(_directory["head.gguf"], 3).Score([4, 5, 6]));
    }

    [Fact]
    public void Read_safetensors_takesTheScoreLayer()
    {
        new SafetensorsWriter(TensorType.F32)
            .Add("score.weight", [1, 2], () => new float[] { 1, -1 })
            .Write(_directory["head.safetensors"]);

        Assert.Equal(-2, RewardHead.Read(_directory["head.safetensors"], 2).Score([3, 5]));
    }

    [Theory]
    [InlineData("other.weight", new[] { 1, 2 }, "has no classification head (cls.output.weight)")]
    [InlineData("cls.output.weight", new[] { 2, 2 }, "has 2 outputs, and a reward is one")]
    [InlineData("cls.output.weight", new[] { 1, 4 }, "has the shape [1, 4], not [1, 2]")]
    public void Read_noHeadOfOneOutput_isRefused(string tensor, int[] shape, string message)
    {
        new GgufWriter().Add(tensor, shape, TensorType.F32, new float[shape[0] * shape[1]]).Write(_directory["head.gguf"]);

        var e = Assert.Throws<UserInputException>(() => RewardHead.Read(_directory["head.gguf"], 2));

        Assert.Contains(message, e.Message);
        Assert.Contains(_directory["head.gguf"], e.Message);
    }

    [Fact]
    public void Read_missingFile_isNamed() =>
        Assert.Contains("gone.gguf", Assert.Throws<UserInputException>(() => RewardHead.Read(_directory["gone.gguf"], 2)).Message);

    [Fact]
    public void Read_modelWithAHead_isAModelOnlyWhereOneIsAskedFor()
    {
        var config = TinyModel.Config();
        TinyModel.Write(_directory["plain.gguf"], config);
        using (var plain = GgufFile.Open(_directory["plain.gguf"]))
        {
            TinyModel.WriteWith(plain, _directory["m.gguf"], "cls.output.weight", [1, 32], new float[32]);
        }
        using var file = GgufFile.Open(_directory["m.gguf"]);

        Assert.Equal(config, ModelConfig.Read(file, withHead: true));
        Assert.Contains("'cls.output.weight' is not part", Assert.Throws<UserInputException>(() => ModelConfig.Read(file)).Message);
        ModelWriter.WriteWithout(file, _directory["body.gguf"], RewardHead.Tensors);
        Assert.Equal(File.ReadAllBytes(_directory["plain.gguf"]), File.ReadAllBytes(_directory["body.gguf"]));
    }
}

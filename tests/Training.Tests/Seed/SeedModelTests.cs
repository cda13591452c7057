using IterativeDpo.Artifacts.Models;
using IterativeDpo.Training.Seed;

namespace IterativeDpo.Training.Tests.Seed;

public class SeedModelTests
{
    [Fact]
    public void Config_allTensors_have806016Values() =>
        Assert.Equal(806_016, SeedModel.Config.ListTensors().Sum(tensor => SeedModel.InitialValues(tensor.Name, 1).Length));

    [Theory]
    [InlineData("token_embd.weight", 0.5)]
    [InlineData("blk.0.attn_q.weight", 0.6 / 11.3137)]
    [InlineData("blk.3.ffn_down.weight", 0.06 / 18.7617)]
    [InlineData("blk.1.attn_output.weight", 0.06 / 11.3137)]
    [InlineData("output.weight", 0.06 / 11.3137)]
    public void InitialValues_matrix_isNormalWithItsDeviation(string name, double deviation)
    {
        var values = SeedModel.InitialValues(name, 1);

        Assert.InRange(Math.Sqrt(values.Average(v => (double)v * v)) / deviation, 0.97, 1.03);
        Assert.InRange(values.Average() / deviation, -0.04, 0.04);
        Assert.InRange(values.Count(v => Math.Abs(v) < deviation) / (double)values.Length, 0.66, 0.70);
    }

    [Fact]
    public void InitialValues_norm_isOne() =>
        Assert.All(SeedModel.InitialValues(ModelConfig.OutputNorm, 1), value => Assert.Equal(1, value));

    [Fact]
    public void InitialValues_otherSeedOrTensor_differ()
    {
        var values = SeedModel.InitialValues("blk.0.attn_q.weight", 1);

        Assert.NotEqual(values, SeedModel.InitialValues("blk.0.attn_q.weight", 2));
        Assert.NotEqual(values, SeedModel.InitialValues("blk.1.attn_q.weight", 1));
        Assert.Equal(values, SeedModel.InitialValues("blk.0.attn_q.weight", 1));
    }
}

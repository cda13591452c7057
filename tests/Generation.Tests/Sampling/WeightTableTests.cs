using IterativeDpo.Generation.Sampling;

namespace IterativeDpo.Generation.Tests.Sampling;

public class WeightTableTests
{
    [Fact]
    public void Fill_anyLogits_makesTheLargestWeightOne()
    {
        var table = new WeightTable(3);

        table.Fill([700, 701, -50]);

        Assert.Equal(1f, table.Weights[1]);
    }

    [Fact]
    public void Fill_uniformLogits_hasTheLogarithmOfTheirNumberAsEntropy()
    {
        var table = new WeightTable(1000);

        table.Fill(new float[1000]);

        Assert.Equal(Math.Log(1000), table.Entropy, 1e-5);
        Assert.Equal(Math.Log(1000), table.LogSumExp, 1e-5);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0.4999, 0)]
    [InlineData(0.5001, 1)]
    [InlineData(0.99999999999, 1)]
    public void Choose_shareOfTheTotal_givesTheTokenThere(double uniform, int expected)
    {
        var table = new WeightTable(3);
        table.Fill([2, 2, -1000]);

        Assert.Equal(expected, table.Choose(uniform));
    }
}

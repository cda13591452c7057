using IterativeDpo.Artifacts.Adapters;

namespace IterativeDpo.Artifacts.Tests.Adapters;

public class AdapterAverageTests
{
    private static readonly AdapterManifest Manifest = new(Digest.Of("base"u8), null, "test", 1, "{}");

    [Fact]
    public void Next_of_the_base_has_the_adapters_A_and_a_share_of_its_B()
    {
        var next = AdapterAverage.Next(null, Adapter([1, 2], [4, 8]), 0.75, Manifest);

        Assert.Equal([1, 2], next.Maps[0].A);
        Assert.Equal([1, 2], next.Maps[0].B);
    }

    [Fact]
    public void Next_mixes_each_matrix_by_itself_and_has_its_own_manifest()
    {
        var manifest = Manifest with { ParentSha256 = Digest.Of("parent"u8), Round = 2 };

        var next = AdapterAverage.Next(Adapter([1, 2], [0, 4]), Adapter([3, -2], [8, 4]), 0.5, manifest);

        Assert.Equal([2, 0], next.Maps[0].A);
        Assert.Equal([4, 4], next.Maps[0].B);
        Assert.Equal(manifest, next.Manifest);
    }

    [Fact]
    public void Next_over_many_rounds_forgets_by_the_decay()
    {
        var average = AdapterAverage.Next(null, Adapter([1, 1], [1, 1]), 0.9, Manifest);
        for (var round = 2; round <= 10; round++)
        {
            average = AdapterAverage.Next(average, Adapter([1, 1], [1, 1]), 0.9, Manifest);
        }

        Assert.Equal(1 - Math.Pow(0.9, 10), average.Maps[0].B[0], 5);
    }

    [Theory]
    [InlineData(2, 1f, "blk.0.attn_q.weight")]
    [InlineData(1, 2f, "blk.0.attn_q.weight")]
    [InlineData(1, 1f, "blk.0.attn_k.weight")]
    public void Next_of_other_shapes_is_refused(int rank, float alpha, string tensor)
    {
        var other = Adapter([1, 2], [3, 4]) with { Rank = rank, Alpha = alpha, Maps = [new(tensor, [1, 2], [3, 4])] };

        var e = Assert.Throws<UserInputException>(() => AdapterAverage.Next(Adapter([1, 2], [3, 4]), other, 0.5, Manifest));

        Assert.Contains("cannot be averaged", e.Message);
    }

    private static LoraAdapter Adapter(float[] a, float[] b) => new(1, 1, Manifest, [new("blk.0.attn_q.weight", a, b)]);
}

using static TorchSharp.torch;

namespace IterativeDpo.Engines.Tests.Torch;

public sealed class GeneratorTests
{
    private static float[] Draw(Generator generator)
    {
        using var scope = NewDisposeScope();
        return rand([8], generator: generator).data<float>().ToArray();
    }

    [Fact]
    public void generators_of_one_seed_draw_the_same()
    {
        using var first = new Generator(7);
        using var second = new Generator(7);

        Assert.Equal(Draw(first), Draw(second));
    }

    [Fact]
    public void generators_of_two_seeds_draw_differently()
    {
        using var first = new Generator(7);
        using var second = new Generator(8);

        Assert.NotEqual(Draw(first), Draw(second));
    }

    [Fact]
    public void rand_stays_between_zero_and_one()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(7);
        var numbers = rand([1000], generator: generator).data<float>().ToArray();

        Assert.All(numbers, number => Assert.InRange(number, 0f, 0.99999994f));
        Assert.InRange(numbers.Average(), 0.4f, 0.6f);
    }
}

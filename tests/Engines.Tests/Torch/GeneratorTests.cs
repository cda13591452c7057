using TorchSharp;
using static TorchSharp.torch;

namespace IterativeDpo.Engines.Tests.Torch;

public sealed class GeneratorTests
{
    private static float[] Draw(Generator generator)
    {
        using var scope = NewDisposeScope();
        return randn(8, generator: generator).data<float>().ToArray();
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
    public void a_generator_put_back_to_a_state_draws_the_same_again()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(7);
        _ = Draw(generator);
        var state = generator.get_state();
        var once = Draw(generator);
        generator.set_state(state);

        Assert.Equal(once, Draw(generator));
    }

    [Fact]
    public void rand_stays_between_zero_and_one()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(7);
        var numbers = rand(1000, generator: generator).data<float>().ToArray();

        Assert.All(numbers, number => Assert.InRange(number, 0f, 0.99999994f));
        Assert.InRange(numbers.Average(), 0.4f, 0.6f);
    }

    [Fact]
    public void randint_stays_below_its_bound()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(7);
        var numbers = randint(3, [1000], generator: generator).data<long>().ToArray();

        Assert.Equal([0L, 1L, 2L], numbers.Distinct().Order());
    }

    [Fact]
    public void randperm_holds_every_number_once()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(7);

        Assert.Equal(Enumerable.Range(0, 20).Select(i => (long)i), randperm(20, generator: generator).data<long>().ToArray().Order());
    }

    [Fact]
    public void normal_fills_with_the_mean_and_deviation_asked_for()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(7);
        var numbers = zeros(10_000).normal_(3, 0.5, generator);

        Assert.Equal(3f, numbers.mean().ToSingle(), 0.05f);
        Assert.Equal(0.5f, numbers.std().ToSingle(), 0.05f);
    }
}

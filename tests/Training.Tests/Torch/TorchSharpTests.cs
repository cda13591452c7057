using TorchSharp;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Tests.Torch;

/// <summary>What TorchSharp does that a reader would not expect, and this project relies on or keeps away from.</summary>
public sealed class TorchSharpTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void To_same_type_is_the_same_memory()
    {
        var tensor = ones(3);
        tensor.to(ScalarType.Float32).fill_(2);

        Assert.Equal(6, tensor.sum().item<float>());
    }

    [Fact]
    public void Linear_of_misfitting_shapes_is_an_exception()
    {
        // matmul and mm of such shapes end the process.
        Assert.ThrowsAny<Exception>(() => nn.functional.linear(ones(2, 3), ones(4, 5)));
    }
}

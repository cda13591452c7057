using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>A parameter to be trained: its name and row-major shape.</summary>
public sealed record ParameterSpec(string Name, long[] Shape)
{
    public long Elements { get; } = Shape.Aggregate(1L, (product, size) => product * size);
}

/// <summary>
/// Every trainable parameter as a view of one flat float32 tensor, and its gradient as a view of another: an optimiser
/// step is a handful of operations whatever the model, and a checkpoint is one run of bytes. Matrices come first, so that weight
/// decay, which spares norms and biases, is a prefix.
/// </summary>
public sealed class ParameterBuffer : IDisposable
{
    private readonly Dictionary<string, (Tensor Value, Tensor Gradient)> _views = [];

    public ParameterBuffer(IReadOnlyList<ParameterSpec> specs, Device device)
    {
        Specs = [.. specs.OrderBy(spec => spec.Shape.Length > 1 ? 0 : 1)];
        DecayedElements = specs.Where(spec => spec.Shape.Length > 1).Sum(spec => spec.Elements);
        var size = specs.Sum(spec => spec.Elements);
        Values = zeros(size, device: device).DetachFromDisposeScope();
        Gradients = zeros(size, device: device).DetachFromDisposeScope();
        long offset = 0;
        foreach (var spec in Specs)
        {
            using var scope = NewDisposeScope();
            _views.Add(spec.Name, (View(Values), View(Gradients)));
            offset += spec.Elements;

            Tensor View(Tensor all) => all.narrow(0, offset, spec.Elements).view(spec.Shape).DetachFromDisposeScope();
        }
    }

    /// <summary>In the order they lie in the flat tensors.</summary>
    public IReadOnlyList<ParameterSpec> Specs { get; }

    /// <summary>All values, float32 [size].</summary>
    public Tensor Values { get; }

    /// <summary>All gradients, float32 [size]; a backward pass adds to them.</summary>
    public Tensor Gradients { get; }

    /// <summary>Leading elements that belong to matrices.</summary>
    public long DecayedElements { get; }

    /// <summary>The parameter, a view.</summary>
    public Tensor this[string name] => _views[name].Value;

    /// <summary>The parameter's gradient, a view.</summary>
    public Tensor Gradient(string name) => _views[name].Gradient;

    public void Dispose()
    {
        foreach (var (value, gradient) in _views.Values)
        {
            value.Dispose();
            gradient.Dispose();
        }
        Values.Dispose();
        Gradients.Dispose();
    }
}

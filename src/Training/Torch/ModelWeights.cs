using IterativeDpo.Artifacts.Models;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>
/// A model's weights, fused. Frozen ones are kept in the compute type, or quantised as their file has them; trained ones in float32,
/// in a <see cref="ParameterBuffer"/>. Norms, biases, routers and kernels are float32 always.
/// </summary>
internal sealed class ModelWeights : IDisposable
{
    private readonly ModelConfig _config;
    private readonly IReadOnlyList<FusedWeight> _layout;
    private readonly Dictionary<string, Tensor> _frozen = [];
    private readonly Dictionary<string, QuantisedWeight> _quantised = [];

    /// <param name="read">Gives the values of a tensor of the file, or of one of its matrices, row-major.</param>
    /// <param name="stored">Gives a matrix that the file has quantised as it is there, and null for any other tensor.</param>
    public ModelWeights(
        ModelConfig config,
        Func<WeightPart, float[]> read,
        Func<WeightPart, StoredMatrix?> stored,
        ScalarType type,
        bool trainable,
        Device device)
    {
        (_config, Type) = (config, type);
        _layout = WeightLayout.Of(config);
        Parameters = trainable ? new([.. _layout.Select(w => new ParameterSpec(w.Name, w.Shape))], device) : null;
        using var gradients = no_grad();
        foreach (var weight in _layout)
        {
            using var scope = NewDisposeScope();
            if (!trainable && !weight.IsExact && weight.Parts.Any(part => stored(part) is not null))
            {
                _quantised.Add(weight.Name, new(weight, stored, part => Rows(weight, part, read(part)).to(type), config, device));
                continue;
            }
            var values = cat([.. weight.Parts.Select(part => Rows(weight, part, read(part)))]).view(weight.Shape).to(device);
            if (Parameters is null)
            {
                var kept = weight.IsExact || !weight.IsMap ? ScalarType.Float32 : type;
                _frozen.Add(weight.Name, values.to(kept).DetachFromDisposeScope());
            }
            else
            {
                Parameters[weight.Name].copy_(values);
            }
        }
    }

    /// <summary>The weights as parameters, or null where they are frozen.</summary>
    public ParameterBuffer? Parameters { get; }

    /// <summary>The compute type.</summary>
    public ScalarType Type { get; }

    /// <summary>A weight that is not quantised, as every norm and bias, in the form it is kept.</summary>
    public Tensor this[string name] => Parameters is null ? _frozen[name] : Parameters[name];

    /// <summary>A matrix in the compute type, made for this use: it belongs to the caller's dispose scope.</summary>
    public Tensor Matrix(string name) => Matrix(name, Type);

    /// <summary>The same in another type.</summary>
    public Tensor Matrix(string name, ScalarType type) =>
        _quantised.TryGetValue(name, out var weight) ? weight.Matrix(type) : this[name].to(type);

    /// <summary>Some rows of a matrix, float32 [n, columns].</summary>
    public Tensor RowsOf(string name, Tensor indexes) =>
        _quantised.TryGetValue(name, out var weight) ? weight.RowsOf(indexes) : this[name].index_select(0, indexes).to(ScalarType.Float32);

    /// <summary>Where the weight's gradient is added, or null where it is frozen.</summary>
    public Tensor? Gradient(string name) => Parameters?.Gradient(name);

    /// <summary>A trained tensor by its name in the file, in the file's row order, row-major.</summary>
    public float[] Values(string name)
    {
        using var scope = NewDisposeScope();
        // Each matrix of a tensor of experts is in a weight of its own.
        var weights = _layout.Where(weight => weight.Parts.Any(part => part.Name == name));
        return Floats.Join([.. weights.Select(weight => Values(weight, name))]);
    }

    public void Dispose()
    {
        Parameters?.Dispose();
        foreach (var weight in _frozen.Values.Concat<IDisposable>(_quantised.Values))
        {
            weight.Dispose();
        }
    }

    private float[] Values(FusedWeight weight, string name)
    {
        var before = weight.Parts.TakeWhile(part => part.Name != name).Sum(part => part.Rows);
        var part = weight.Parts.Single(part => part.Name == name);
        var values = Floats.Of(Parameters![weight.Name].narrow(0, before, part.Rows));
        return RopeRows.ToFile(values, weight.Columns ?? 1, part, _config);
    }

    private Tensor Rows(FusedWeight weight, WeightPart part, float[] values)
    {
        var columns = weight.Columns ?? 1;
        if (values.Length != part.Rows * columns)
        {
            throw new ArgumentException($"'{part.Name}' needs {part.Rows} x {columns} values and has {values.Length}.");
        }
        return tensor(RopeRows.FromFile(values, columns, part, _config));
    }
}

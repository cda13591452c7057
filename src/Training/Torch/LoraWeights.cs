using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Adapters;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Generation;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>An adapter's matrices by the fused map they belong to, in float32: to be trained, or a frozen reference.</summary>
internal sealed class LoraWeights : IDisposable
{
    private readonly ModelConfig _config;
    private readonly LoraOptions _options;
    private readonly HashSet<string> _tensors;
    private readonly Dictionary<string, FusedLora> _maps = [];

    /// <exception cref="UserInputException">The options do not fit the model.</exception>
    public LoraWeights(ModelConfig config, LoraOptions options, Device device)
    {
        _config = config;
        _options = options;
        _tensors = [.. LoraTargets.Of(options, config)];
        Parameters = new([.. Targets().SelectMany(target => new[]
        {
            new ParameterSpec(AName(target.Weight), [(long)target.Parts.Count * options.Rank, target.Weight.Columns!.Value]),
        }.Concat(target.Parts.Select(part => new ParameterSpec(BName(part), [part.Rows, options.Rank]))))], device);
        foreach (var (weight, parts) in Targets())
        {
            var b = weight.Parts.Select(part => parts.Contains(part)
                ? new LoraPart(part.Rows, Parameters[BName(part)], Parameters.Gradient(BName(part)))
                : new LoraPart(part.Rows, null, null));
            _maps.Add(
                weight.Name,
                new(Parameters[AName(weight)], Parameters.Gradient(AName(weight)), [.. b], options.FileAlpha / options.Rank));
        }
    }

    public ParameterBuffer Parameters { get; }

    /// <summary>The matrices on a fused map, or null where it is no target.</summary>
    public FusedLora? On(string fusedName) => _maps.GetValueOrDefault(fusedName);

    /// <summary>
    /// A fresh adapter, which changes nothing yet: B is zero, and A uniform in ±1/√in as in the reference implementations.
    /// </summary>
    public void Initialise(ulong seed)
    {
        using var gradients = no_grad();
        using var scope = NewDisposeScope();
        Parameters.Values.fill_(0);
        foreach (var (weight, _) in Targets())
        {
            var a = Parameters[AName(weight)];
            var bound = 1 / Math.Sqrt(weight.Columns!.Value);
            var values = new float[a.numel()];
            for (var i = 0; i < values.Length; i++)
            {
                seed = SampleSeed.Mix(seed);
                // 24 bits fill a float's fraction; the shift takes the mixer's best ones.
                values[i] = (float)(((seed >> 40) / (double)(1 << 24) * 2 - 1) * bound);
            }
            a.copy_(tensor(values).view(a.shape));
        }
    }

    /// <summary>Takes the matrices of an adapter of the same rank; a target that it lacks stays as it is.</summary>
    public void Load(LoraAdapter adapter)
    {
        using var gradients = no_grad();
        var byTensor = adapter.Maps.ToDictionary(map => map.Tensor);
        foreach (var (weight, parts) in Targets())
        {
            using var scope = NewDisposeScope();
            var a = Parameters[AName(weight)].view(parts.Count, _options.Rank, -1);
            foreach (var (part, i) in parts.Select((part, i) => (part, i)).Where(p => byTensor.ContainsKey(p.part.Name)))
            {
                var map = byTensor[part.Name];
                var b = RopeRows.FromFile(part.Of(map.B), _options.Rank, part, _config);
                a.select(0, i).copy_(tensor(part.Of(map.A)).view(_options.Rank, -1));
                Parameters[BName(part)].copy_(tensor(b).view(part.Rows, _options.Rank));
            }
        }
    }

    /// <summary>Each map's matrices, in the file's row order.</summary>
    public IEnumerable<LoraMap> Export() => Enumerable.Range(0, _config.Layers)
        .SelectMany(layer => Targets(layer).SelectMany(ExportParts).GroupBy(map => map.Tensor))
        .Select(experts => new LoraMap(
            experts.Key,
            Floats.Join([.. experts.Select(map => map.A)]),
            Floats.Join([.. experts.Select(map => map.B)])));

    public void Dispose() => Parameters.Dispose();

    private static string AName(FusedWeight weight) => weight.Name + ".lora_a";

    private static string BName(WeightPart part) => part.Key + ".lora_b";

    private IEnumerable<LoraMap> ExportParts((FusedWeight Weight, IReadOnlyList<WeightPart> Parts) target)
    {
        var stacked = Floats.Of(Parameters[AName(target.Weight)]).Chunk(_options.Rank * target.Weight.Columns!.Value);
        return target.Parts.Zip(stacked, (part, a) => new LoraMap(
            part.Name, a, RopeRows.ToFile(Floats.Of(Parameters[BName(part)]), _options.Rank, part, _config)));
    }

    private IEnumerable<(FusedWeight Weight, IReadOnlyList<WeightPart> Parts)> Targets() =>
        Enumerable.Range(0, _config.Layers).SelectMany(Targets);

    private IEnumerable<(FusedWeight Weight, IReadOnlyList<WeightPart> Parts)> Targets(int layer)
    {
        foreach (var weight in WeightLayout.BlockMaps(_config, layer))
        {
            var parts = weight.Parts.Where(part => _tensors.Contains(part.Name)).ToList();
            if (parts.Count > 0)
            {
                yield return (weight, parts);
            }
        }
    }
}

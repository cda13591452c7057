using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Adapters;
using IterativeDpo.Artifacts.Models;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>Makes the adapter that is trained and the frozen one of the reference, from what the request names.</summary>
internal sealed class AdapterSetup(TrainingRequest request, ModelConfig config, Digest baseDigest, Device device)
{
    /// <summary>The adapter to be trained, fresh or read; null where every weight is trained.</summary>
    /// <exception cref="UserInputException">The initial adapter has another shape than the settings.</exception>
    public LoraWeights? CreatePolicy()
    {
        if (request.Options.Lora is not { } options)
        {
            return request.InitialAdapterPath is null ? null : throw new UserInputException(
                $"{request.InitialAdapterPath}: full training starts from a whole model, not from an adapter. Merge it first, or train an adapter.");
        }
        CheckShape(options);
        var initial = request.InitialAdapterPath is { } path ? Continued(path, options) : null;
        var lora = new LoraWeights(config, options, device);
        if (initial is null)
        {
            lora.Initialise(request.Seed);
        }
        else
        {
            lora.Load(initial);
        }
        return lora;
    }

    /// <summary>The reference's frozen adapter; null where the reference is the base itself.</summary>
    public LoraWeights? CreateReference()
    {
        if (request.ReferenceAdapterPath is not { } path)
        {
            return null;
        }
        var adapter = LoraAdapter.Read(path, config, baseDigest);
        var lora = new LoraWeights(config, new(adapter.Rank, adapter.Alpha, TargetsOf(adapter)), device);
        lora.Load(adapter);
        return lora;
    }

    private void CheckShape(LoraOptions options)
    {
        if (options.Targets.FirstOrDefault(target => !ModelConfig.BlockMaps.Contains(target)) is { } unknown)
        {
            throw new UserInputException($"LoRA target '{unknown}' is no map of the model; choose from {string.Join(", ", ModelConfig.BlockMaps)}.");
        }
        var smallest = options.Targets.Min(target => config.MapShape(target).Min());
        if (options.Rank < 1 || options.Rank > smallest)
        {
            throw new UserInputException($"LoRA rank {options.Rank} is outside 1 to {smallest}, the smallest side of the targets' matrices.");
        }
    }

    private LoraAdapter Continued(string path, LoraOptions options)
    {
        var adapter = LoraAdapter.Read(path, config, baseDigest);
        if (adapter.Rank != options.Rank || adapter.Alpha != options.Alpha || !TargetsOf(adapter).ToHashSet().SetEquals(options.Targets))
        {
            throw new UserInputException(
                $"{path}: the adapter has rank {adapter.Rank}, alpha {adapter.Alpha} on {string.Join(", ", TargetsOf(adapter))}; the settings say "
                + $"rank {options.Rank}, alpha {options.Alpha} on {string.Join(", ", options.Targets)}. Use its shape, or start from a fresh adapter.");
        }
        return adapter;
    }

    private static IReadOnlyList<string> TargetsOf(LoraAdapter adapter) =>
        [.. ModelConfig.BlockMaps.Where(map => adapter.Maps.Any(m => m.Tensor.EndsWith($".{map}.weight", StringComparison.Ordinal)))];
}

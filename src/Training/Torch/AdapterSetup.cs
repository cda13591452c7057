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
                $"{request.InitialAdapterPath}: full training starts from a whole model, not from an adapter. Merge it first (./dpo export --to merged), or train an adapter.");
        }
        return Create(options, request.InitialAdapterPath is { } path ? Continued(path, options) : null);
    }

    /// <summary>The reference's frozen adapter; null where the reference is the base itself.</summary>
    public LoraWeights? CreateReference() =>
        request.ReferenceAdapterPath is { } path ? LoadFrozen(path, config, baseDigest, device) : null;

    /// <summary>An adapter of any shape, as it is in its file.</summary>
    /// <exception cref="UserInputException">It is missing, damaged, or made for another base.</exception>
    public static LoraWeights LoadFrozen(string path, ModelConfig config, Digest baseDigest, Device device)
    {
        var adapter = LoraAdapter.Read(path, config, baseDigest);
        var lora = new LoraWeights(
            config,
            new(adapter.Rank, adapter.Alpha, [.. adapter.Maps.Select(map => LoraTargets.Exactly(map.Tensor))]),
            device);
        lora.Load(adapter);
        return lora;
    }

    /// <summary>
    /// Where a reference that follows the policy begins: of the policy's own shape, the reference adapter or no change to the base.
    /// </summary>
    /// <exception cref="UserInputException">The reference adapter has another shape than the settings: the two could not be
    /// mixed.</exception>
    public LoraWeights? CreateMovingReference()
    {
        if (request.Options.Lora is not { } options)
        {
            return request.ReferenceAdapterPath is null ? null : throw new UserInputException(
                $"{request.ReferenceAdapterPath}: in full training a reference that follows the policy begins as the base, not with an adapter. "
                + "Leave the adapter out, merge it into the base first, or set training.reference-sync.steps = 0.");
        }
        var start = request.ReferenceAdapterPath is { } reference ? Continued(reference, options)
            : request.InitialAdapterPath is { } initial ? WithoutEffect(Continued(initial, options))
            : null;
        return Create(options, start);
    }

    private LoraWeights Create(LoraOptions options, LoraAdapter? start)
    {
        var lora = new LoraWeights(config, options, device);
        if (start is null)
        {
            lora.Initialise(request.Seed);
        }
        else
        {
            lora.Load(start);
        }
        return lora;
    }

    /// <summary>The adapter with B = 0: the base itself, in the policy's coordinates A.</summary>
    private static LoraAdapter WithoutEffect(LoraAdapter adapter) =>
        adapter with { Maps = [.. adapter.Maps.Select(map => map with { B = new float[map.B.Length] })] };

    private LoraAdapter Continued(string path, LoraOptions options)
    {
        var adapter = LoraAdapter.Read(path, config, baseDigest);
        if (adapter.Rank != options.Rank || adapter.Alpha != options.FileAlpha)
        {
            throw new UserInputException(
                $"{path}: the adapter has rank {adapter.Rank} and alpha {adapter.Alpha}; the settings say rank {options.Rank} and alpha {options.Alpha}"
                + $"{(options.UseRslora ? $" with rsLoRA, which is {options.FileAlpha}" : "")}. Use its shape, or start from a fresh adapter.");
        }
        var (has, wanted) = (adapter.Maps.Select(map => map.Tensor).ToHashSet(), LoraTargets.Of(options, config));
        if (!has.SetEquals(wanted))
        {
            var first = wanted.FirstOrDefault(tensor => !has.Contains(tensor)) ?? has.First(tensor => !wanted.Contains(tensor));
            throw new UserInputException(
                $"{path}: the adapter is on {has.Count} maps and the settings' targets are {wanted.Count}; '{first}' is "
                + $"{(has.Contains(first) ? "not a target" : "not in the adapter")}. Use its targets, or start from a fresh adapter.");
        }
        return adapter;
    }
}

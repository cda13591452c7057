using System.Numerics.Tensors;
using System.Text.Json;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Artifacts.Safetensors;

namespace IterativeDpo.Artifacts.Adapters.Peft;

/// <summary>
/// Reads an adapter that the PEFT library saved, for a given base. Every map of it gets one rank and one alpha here: a smaller rank is
/// filled up with zeros, which train no further, and another scale goes into B. The product stays the same.
/// </summary>
public sealed class PeftImport
{
    private readonly SafetensorsFile _file;
    private readonly PeftSettings _settings;
    private readonly ModelConfig _config;

    private sealed record Source(PeftModule Module, SafetensorsTensor A, SafetensorsTensor B, int Rank, double Alpha);

    private PeftImport(SafetensorsFile file, PeftSettings settings, ModelConfig config)
    {
        _file = file;
        _settings = settings;
        _config = config;
    }

    /// <summary>Reads the adapter in a directory.</summary>
    /// <param name="config">The base model's shape.</param>
    /// <param name="baseDigest">The base model file's digest.</param>
    /// <exception cref="UserInputException">No LoRA adapter, damaged, for another base, or no adapter that llama.cpp could
    /// have.</exception>
    public static LoraAdapter Read(string directory, ModelConfig config, Digest baseDigest)
    {
        if (!Directory.Exists(directory))
            throw new UserInputException($"{directory}: there is no such directory. Give one that PEFT's save_pretrained wrote.");
        var settings = PeftSettings.Read(PeftDirectory.Config(directory));
        var weights = PeftDirectory.Weights(directory);
        if (!File.Exists(weights) && File.Exists(Path.Combine(directory, "adapter_model.bin")))
            throw new UserInputException(
                $"{directory}: the weights are a pickled adapter_model.bin. Save it again with safe_serialization=True.");
        using var file = SafetensorsFile.Open(weights);
        return new PeftImport(file, settings, config).Read(baseDigest);
    }

    private LoraAdapter Read(Digest baseDigest)
    {
        var sources = PeftModules.Of(_config).Select(Find).OfType<Source>().ToList();
        RefuseStrangers(sources);
        var largest = sources.MaxBy(source => source.Rank)!;
        if (!float.IsFinite((float)largest.Alpha))
            throw Bad($"alpha {largest.Alpha} is out of a float32's range. Save it with another lora_alpha");
        var settings = JsonSerializer.Serialize(new { source = "peft", base_model_name_or_path = _settings.BaseName });
        var manifest = new AdapterManifest(baseDigest, null, "", 0, settings);
        var maps = sources.GroupBy(source => source.Module.Tensor).Select(group => Join(group, largest));
        return new(largest.Rank, (float)largest.Alpha, manifest, [.. maps]);
    }

    private Source? Find(PeftModule module)
    {
        var hasA = _file.Tensors.TryGetValue(module.TensorA, out var a);
        var hasB = _file.Tensors.TryGetValue(module.TensorB, out var b);
        if (!hasA && !hasB) return null;
        if (!hasA || !hasB) throw Bad($"tensor '{(hasA ? module.TensorB : module.TensorA)}' is missing. Save the adapter again");
        int outputs = module.Shape[0], inputs = module.Shape[1];
        var rank = a!.Shape is [var rows, _] ? rows : 0;
        if (rank < 1 || a.Shape[1] != inputs) throw Misfit(a, $"[rank, {inputs}]");
        if (rank > Math.Min(outputs, inputs))
            throw Bad(
                $"tensor '{a.Name}' has the rank {rank}, more than {Math.Min(outputs, inputs)}, the smaller side of the map [{outputs}, {inputs}] "
                + "and the rank of any update to it. Give an adapter of a lower rank, or merge this one into its base with PEFT");
        if (!b!.Shape.AsSpan().SequenceEqual([outputs, rank])) throw Misfit(b, $"[{outputs}, {rank}]");
        if (_settings.RankOf(module.Name) is var said && said != rank)
            throw Bad(
                $"tensor '{a.Name}' has the rank {rank}, but adapter_config.json says {said} for it. Give the two files of one adapter");
        return new(module, a, b, rank, _settings.AlphaOf(module.Name, rank));
    }

    /// <summary>A tensor's map of its modules' ones; experts that the adapter is not on get zeros.</summary>
    private LoraMap Join(IGrouping<string, Source> sources, Source largest)
    {
        var matrices = LoraShapes.Matrices(_config.MapShape(sources.First().Module.Map));
        if (matrices == 1) return Map(sources.Single(), largest);
        var (a, b) = (Array.Empty<float>(), Array.Empty<float>());
        foreach (var source in sources)
        {
            var map = Map(source, largest);
            Array.Resize(ref a, matrices * map.A.Length);
            Array.Resize(ref b, matrices * map.B.Length);
            map.A.CopyTo(a, source.Module.Expert * map.A.Length);
            map.B.CopyTo(b, source.Module.Expert * map.B.Length);
        }
        return new(sources.Key, a, b);
    }

    private LoraMap Map(Source source, Source largest)
    {
        var (module, a, b, rank) = (source.Module, Finite(source.A), Finite(source.B), largest.Rank);
        // Exactly 1 for a map of the common rank and alpha: its values stay as they are.
        var scale = (float)(source.Alpha / source.Rank * rank / largest.Alpha);
        if (scale != 1) TensorPrimitives.Multiply(b, scale, b);
        if (source.Rank < rank)
        {
            Array.Resize(ref a, rank * module.Shape[1]);
            b = Widen(b, source.Rank, rank);
        }
        return new(
            module.Tensor,
            PeftModules.Columns(module, a, _config, toPeft: false),
            PeftModules.RowsFromPeft(module, b, rank, _config));
    }

    private float[] Finite(SafetensorsTensor tensor)
    {
        var values = _file.ReadFloat32(tensor);
        return TensorPrimitives.IsFiniteAll<float>(values)
            ? values
            : throw Bad($"tensor '{tensor.Name}' has values that are not finite. Train the adapter again");
    }

    /// <summary>[rows, from] with zeros after each row, [rows, to].</summary>
    private static float[] Widen(float[] values, int from, int to)
    {
        var widened = new float[values.Length / from * to];
        for (var row = 0; row < values.Length / from; row++) values.AsSpan(row * from, from).CopyTo(widened.AsSpan(row * to));
        return widened;
    }

    private void RefuseStrangers(List<Source> sources)
    {
        var known = sources.SelectMany(source => new[] { source.A.Name, source.B.Name }).ToHashSet();
        if (_file.Tensors.Keys.FirstOrDefault(name => !known.Contains(name)) is { } stranger)
            throw Bad(
                $"tensor '{stranger}' belongs to no map of this base: an adapter has updates for {string.Join(", ", _config.Maps)} of "
                + $"its {_config.Layers} blocks alone. Give an adapter of this base without embeddings, head or whole modules");
        if (sources.Count == 0) throw Bad("the file has no tensor. Save the adapter again");
    }

    private UserInputException Misfit(SafetensorsTensor tensor, string shape) =>
        Bad($"tensor '{tensor.Name}' has the shape [{string.Join(", ", tensor.Shape)}], not {shape}: it fits another base. "
            + "Give an adapter of this base");

    private UserInputException Bad(string problem) => new($"{_file.Path}: {problem}.");
}

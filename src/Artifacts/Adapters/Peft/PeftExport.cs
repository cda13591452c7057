using System.Text.Encodings.Web;
using System.Text.Json;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Artifacts.Safetensors;
using IterativeDpo.Artifacts.Store;

namespace IterativeDpo.Artifacts.Adapters.Peft;

/// <summary>Writes an adapter as the PEFT library saves one: its names, its row order, its configuration.</summary>
public static class PeftExport
{
    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <param name="directory">Made where it is missing. The configuration comes last: without it there is no adapter.</param>
    /// <param name="config">The base model's shape.</param>
    /// <param name="baseName">The base by its name or path for Hugging Face.</param>
    /// <param name="type">F32, F16 or BF16.</param>
    /// <exception cref="UserInputException">The adapter is on maps that are no modules there.</exception>
    /// <exception cref="StorageException">No space, no permission.</exception>
    public static void Write(LoraAdapter adapter, string directory, ModelConfig config, string baseName, TensorType type)
    {
        var maps = adapter.Maps.ToDictionary(map => map.Tensor);
        var modules = PeftModules.Of(config).Where(module => maps.ContainsKey(module.Tensor)).ToList();
        if (maps.Keys.Except(modules.Select(module => module.Tensor)).FirstOrDefault() is { } stranger)
        {
            throw new UserInputException(
                $"{directory}: the adapter is on '{stranger}', and PEFT has no adapter on that: in the transformers of '{config.Architecture.Name}' "
                + "it is a parameter, or a part of one, and no linear module. Merge it (./dpo export --to gguf), or train other targets.");
        }
        var writer = new SafetensorsWriter(type).Set("format", "pt");
        foreach (var module in modules)
        {
            var map = maps[module.Tensor];
            var (outputs, inputs, rank) = (module.Shape[0], module.Shape[1], adapter.Rank);
            writer.Add(
                module.TensorA,
                [rank, inputs],
                () => PeftModules.Columns(module, module.Of(map.A, rank * inputs), config, toPeft: true));
            writer.Add(
                module.TensorB,
                [outputs, rank],
                () => PeftModules.RowsToPeft(module, module.Of(map.B, outputs * rank), rank, config));
        }
        // Without its settings a directory is no adapter: an older export's never stand beside these weights.
        Directory.CreateDirectory(directory);
        File.Delete(PeftDirectory.Config(directory));
        writer.Write(PeftDirectory.Weights(directory));
        AtomicFile.Write(PeftDirectory.Config(directory), stream =>
        {
            JsonSerializer.Serialize(stream, Settings(adapter, Targets(modules, config), baseName), Json);
            stream.Write("\n"u8);
        });
    }

    /// <summary>
    /// Short names where the adapter is on every module of them; otherwise each module's whole name, which the library takes as well.
    /// </summary>
    private static IReadOnlyList<string> Targets(List<PeftModule> modules, ModelConfig config)
    {
        var names = modules.Select(module => module.ShortName).ToHashSet();
        return PeftModules.Of(config).Count(module => names.Contains(module.ShortName)) == modules.Count
            ? [.. names]
            : [.. modules.Select(module => module.Name)];
    }

    // The keys that every version of the library knows; it fills in the rest. They are sorted, as it sorts them.
    private static object Settings(LoraAdapter adapter, IReadOnlyList<string> targets, string baseName) => new
    {
        alpha_pattern = new { },
        base_model_name_or_path = baseName,
        bias = "none",
        fan_in_fan_out = false,
        inference_mode = true,
        init_lora_weights = true,
        lora_alpha = adapter.Alpha,
        lora_dropout = 0.0,
        modules_to_save = (string[]?)null,
        peft_type = "LORA",
        r = adapter.Rank,
        rank_pattern = new { },
        target_modules = targets,
        task_type = "CAUSAL_LM",
        use_dora = false,
        use_rslora = false,
    };
}

using System.Numerics.Tensors;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Artifacts.Safetensors;
using IterativeDpo.Artifacts.Store;

namespace IterativeDpo.Artifacts.HuggingFace;

/// <summary>Writes a model as a folder of Hugging Face's libraries: the way back of <see cref="FolderConversion"/>.</summary>
/// <param name="model">The GGUF.</param>
/// <param name="weights">A tensor's values by its name in the GGUF, row-major, and of experts' maps those of the one with that index, asked
/// for one at a time, and used before the next: those of the file, or with an adapter in them.</param>
/// <param name="source">The folder that the GGUF came from, whose configuration and tokenizer are taken; null: they are written by what the
/// GGUF says.</param>
public sealed class FolderExport(GgufFile model, Func<string, int, ReadOnlyMemory<float>> weights, ModelFolder? source)
{
    private static readonly JsonSerializerOptions s_json = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly ModelConfig _config = ModelConfig.Read(model);
    private readonly List<string> _notes = [];

    /// <summary>Writes the folder; the configuration comes last: without it there is no model.</summary>
    /// <param name="directory">Made where it is missing.</param>
    /// <param name="type">F32, F16 or BF16.</param>
    /// <returns>What of the model such a folder could not be given, in words.</returns>
    /// <exception cref="UserInputException">The model has something that no configuration says, or its family has no folders
    /// here.</exception>
    /// <exception cref="StorageException">No space, no permission.</exception>
    public IReadOnlyList<string> Write(string directory, TensorType type)
    {
        if (HubFamily.Of(_config) is null)
            throw new UserInputException(
                $"{model.Path}: models of the architecture '{_config.Architecture.Name}' are not written as folders. "
                + "Export it as a GGUF (--to gguf), or the adapter alone (--to peft).");
        // Mixtral's have none, and transformers would leave them out.
        if (_config.Experts is not null && _config.Biases != _config.Architecture.Biases)
            throw new UserInputException(
                $"{model.Path}: no config.json says all that this model is, such as the biases beside its experts. Export it as a GGUF (--to gguf).");
        var config = Configuration(type);
        Directory.CreateDirectory(directory);
        var configPath = Path.Combine(directory, ModelFolder.ConfigFile);
        File.Delete(configPath);
        WriteWeights(Path.Combine(directory, ModelFolder.WeightsFile), type);
        WriteTokenizer(directory);
        WriteJson(configPath, config);
        CheckConfiguration(directory);
        return _notes;
    }

    private static void WriteJson(string path, JsonObject json) => AtomicFile.Write(path, stream =>
    {
        JsonSerializer.Serialize(stream, json, s_json);
        stream.Write("\n"u8);
    });

    private JsonObject Configuration(TensorType type)
    {
        var json = source is null
            ? HubConfigWriter.Write(_config)
            : JsonNode.Parse(JsonSerializer.Serialize(source.Configuration))!.AsObject();
        foreach (var older in new[] { "dtype", "torch_dtype" }.Where(json.ContainsKey)) json.Remove(older);
        json["torch_dtype"] = HubConfigWriter.NameOf(type);
        if (source?.IsForImages == true)
        {
            json["architectures"] = HubConfigWriter.Write(_config)["architectures"]!.DeepClone();
            _notes.Add("the model's part for images is left out: the folder is that of its text");
        }
        return json;
    }

    private void WriteWeights(string path, TensorType type)
    {
        var writer = new SafetensorsWriter(type).Set("format", "pt");
        var parts =
            from tensor in HubNames.ListTensors(_config)
            from place in tensor.Parts.Index()
            select (tensor, place.Index, Part: place.Item);
        foreach (var whole in parts.GroupBy(part => part.Part.Name))
            writer.Add(
                whole.Key,
                whole.First().Part.Shape,
                () => whole.OrderBy(part => part.Part.FirstRow).Select(part => ValuesOf(part.tensor, part.Index)));
        writer.Write(path);
    }

    private ReadOnlyMemory<float> ValuesOf(HubTensor tensor, int index)
    {
        var values = weights(tensor.Tensor.Name, index);
        if (tensor.IsRotated)
            return RotaryOrder.Change(
                values.ToArray(),
                tensor.Columns,
                _config,
                _config.Architecture.Rope,
                RopeKind.HalfSplit);
        if (!tensor.IsAroundZero) return values;
        var less = new float[values.Length];
        TensorPrimitives.Subtract(values.Span, 1, less);
        return less;
    }

    private void WriteTokenizer(string directory)
    {
        // Another export's files do not stay beside this one's.
        foreach (var name in ModelFolder.TokenizerFiles) File.Delete(Path.Combine(directory, name));
        if (source is not null)
        {
            foreach (var name in ModelFolder.TokenizerFiles.Where(name => File.Exists(source.In(name))))
            {
                AtomicFile.Write(Path.Combine(directory, name), stream =>
                {
                    using var file = InputFile.Open(source.In(name));
                    file.CopyTo(stream);
                });
            }
            return;
        }
        var writer = new HubTokenizerWriter(model.Metadata);
        var tokenizer = writer.Tokenizer();
        if (tokenizer is not null)
        {
            WriteJson(Path.Combine(directory, ModelFolder.TokenizerFile), tokenizer);
            WriteJson(Path.Combine(directory, ModelFolder.TokenizerConfigFile), writer.Config(_config.ContextLength));
            WriteJson(Path.Combine(directory, ModelFolder.GenerationFile), writer.Generation());
        }
        var problem = tokenizer is null
            ? $"the rules of the pre-tokenizer '{model.Metadata.GetString(HubTokenizer.Prefix + "pre", "")}' are not known here"
            : Difference(directory);
        if (problem is null) return;
        foreach (var name in ModelFolder.TokenizerFiles) File.Delete(Path.Combine(directory, name));
        _notes.Add(
            $"no tokenizer is written, since the GGUF's cannot be said in full ({problem}): copy the tokenizer's files of the model that it came from");
    }

    /// <summary>What of the tokenizer that was written is read as another one than the GGUF's; null: nothing.</summary>
    private string? Difference(string directory)
    {
        try
        {
            var read = new HubTokenizer(directory, _config.VocabSize).Read().ToDictionary();
            return model
                .Metadata.Where(entry => entry.Key.StartsWith("tokenizer.", StringComparison.Ordinal) && read.ContainsKey(entry.Key))
                .Where(entry => !IsSame(entry.Key, entry.Value.Value, read[entry.Key])).Select(entry => $"'{entry.Key}'").FirstOrDefault();
        }
        catch (UserInputException e)
        {
            return e.Message;
        }
    }

    private static bool IsSame(string key, object one, object other) => key[(key.LastIndexOf('.') + 1)..] switch
    {
        // Other names of the same rules.
        "pre" => PreTokenizer.Named((string)one) == PreTokenizer.Named((string)other),
        // Only whether a text's letters make it counts.
        "token_type" => ((int[])one)
            .Zip((int[])other)
            .All(pair =>
                IsMade(pair.First) == IsMade(pair.Second)
                && pair.First == HubTokenizer.UserDefined == (pair.Second == HubTokenizer.UserDefined)),
        // Only which is higher counts; those that nothing makes have none.
        "scores" => Order((float[])one, (float[])other),
        _ => one is Array array ? array.Cast<object>().SequenceEqual(((Array)other).Cast<object>()) : one.Equals(other),
    };

    private static bool IsMade(int type) => type is HubTokenizer.Normal or HubTokenizer.Byte;

    private static bool Order(float[] scores, float[] ranks)
    {
        int[] made = [.. Enumerable.Range(0, ranks.Length).Where(id => ranks[id] < 0).OrderByDescending(id => ranks[id])];
        return made.Zip(made.Skip(1)).All(pair => scores[pair.First] > scores[pair.Second]);
    }

    /// <summary>The folder says the model that it was made of.</summary>
    private void CheckConfiguration(string directory)
    {
        using var written = ModelFolder.Open(directory);
        if (written.Config.IsSame(_config)) return;
        File.Delete(Path.Combine(directory, ModelFolder.ConfigFile));
        throw new UserInputException(
            $"{model.Path}: no config.json says all that this model is{(_config.RopeDivisors is null ? "" : ", such as the divisors of its frequencies")}. "
            + "If it came from a folder, give that folder with --model.");
    }
}

using System.CommandLine;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Adapters;
using IterativeDpo.Artifacts.Adapters.Peft;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.HuggingFace;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Host.Models;
using IterativeDpo.Host.Terminal;

namespace IterativeDpo.Host.Commands;

/// <summary><c>dpo export</c>: an adapter for the PEFT library, or merged into its base.</summary>
public static class ExportCommand
{
    private const string Peft = "peft", Merged = "merged", Gguf = "gguf", Hub = "hf", Keep = "keep";

    private static readonly Argument<FileInfo> _adapter = new("ADAPTER")
    {
        Description = "The LoRA adapter GGUF; for hf also a whole model's.",
    };
    private static readonly Option<FileInfo> _model = CommonOptions.Model();
    private static readonly Option<string> _to = CommonOptions.Choice(
        "--to",
        "peft: a directory that PEFT loads.  gguf (or merged): one GGUF of base and adapter.  hf: a folder of the merged model that transformers loads.",
        Peft,
        Gguf,
        Merged,
        Hub);

    private static readonly Option<FileInfo> _output = new("--out")
    {
        Description = "The directory or file to write.",
        HelpName = "PATH",
        Required = true,
    };

    private static readonly Option<string?> _type = CommonOptions.WeightType(
        "How values are stored; f32 for PEFT, keep (the base's own types) for a merged GGUF, and for hf the base's, bf16 where that is quantised, if not given.",
        Keep);

    private static readonly Option<FileInfo?> _text = CommonOptions.MeasuredText();
    private static readonly Option<int?> _threads = CommonOptions.Threads();

    private static readonly Option<string?> _baseName = new("--base-name")
    {
        Description = "The base by its name for PEFT; the GGUF's if not given.",
        HelpName = "NAME",
    };

    private static readonly Option<bool> _force = CommonOptions.Force();
    private static readonly Option<bool> _json = CommonOptions.Json();

    public static Command Create()
    {
        _to.Required = true;
        var command = new ExampleCommand(
            "export",
            "Write an adapter for the PEFT library, or merge it into its base: one GGUF, or a folder of Hugging Face's libraries.",
            "./dpo export adapter.gguf --model base.gguf --to peft --out adapter-peft --base-name org/base",
            "./dpo export adapter.gguf --model base.gguf --to gguf --out merged.gguf",
            "./dpo export adapter.gguf --model Qwen3-0.6B --to hf --out Qwen3-0.6B-dpo",
            "./dpo export adapter.gguf --model base.gguf --to gguf --out merged.gguf --type q4_k_m --text sample.txt --json")
        {
            _adapter, _model, _to, _output, _type, _text, _threads, _baseName, _force, _json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var (adapterFile, text) = (parsed.GetRequiredValue(_adapter), parsed.GetValue(_text));
        var to = parsed.GetRequiredValue(_to) is Gguf ? Merged : parsed.GetRequiredValue(_to);
        CheckOptions(parsed, to);
        var given = parsed.GetRequiredValue(_model).FullName;
        var isWhole = to == Hub && IsModel(adapterFile);
        var modelFile = new FileInfo(isWhole ? adapterFile.FullName : await ModelFolders.FileOfAsync(given, cancellationToken));
        var output = to == Merged
            ? OutputPath.OfFile(parsed.GetRequiredValue(_output), parsed.GetValue(_force), adapterFile, modelFile)
            : OutputPath.OfDirectory(new(parsed.GetRequiredValue(_output).FullName), parsed.GetValue(_force));
        using var model = GgufFile.Open(modelFile.FullName);
        var config = ModelConfig.Read(model);
        var type = parsed.GetValue(_type) ?? (to == Peft ? "f32" : to == Merged ? Keep : TypeOf(model));
        var baseDigest = GgufFile.DigestOf(modelFile.FullName);
        var adapter = isWhole ? null : LoraAdapter.Read(adapterFile.FullName, config, baseDigest);
        QuantisationCost? cost = null;
        IReadOnlyList<string> notes = [];
        if (to == Merged && ModelQuantiser.Writes(type, text?.FullName))
        {
            cost = await ModelQuantiser.WriteAsync(
                output,
                type,
                text?.FullName,
                parsed.GetValue(_threads) ?? Environment.ProcessorCount,
                whole => MergeAsync(model, adapter!, whole, WholeType(model), cancellationToken));
        }
        else if (to == Merged)
        {
            CommonOptions.RefuseText(text);
            await MergeAsync(model, adapter!, output, type == Keep ? null : Parse(type), cancellationToken);
        }
        else if (to == Peft)
        {
            PeftExport.Write(adapter!, output, config, parsed.GetValue(_baseName) ?? NameOf(model), Parse(type));
        }
        else
        {
            using var source = Directory.Exists(given) ? ModelFolder.Open(given) : null;
            notes = await StepProgress.RunAsync<int, IReadOnlyList<string>>(
                adapter is null ? "writing" : "merging",
                merged => (merged, adapter?.Maps.Count ?? 1, "maps"),
                progress => Task.Run(
                    () =>
                    {
                        var matrices = new MatrixReader(model);
                        Func<string, int, ReadOnlyMemory<float>> weights = adapter is null
                            ? (name, expert) => matrices.Read(name, expert)
                            : new AdapterMerge(model, adapter, progress, cancellationToken).Weights;
                        return new FolderExport(model, weights, source).Write(output, Parse(type));
                    },
                    cancellationToken));
        }
        foreach (var note in notes)
        {
            Console.Error.WriteLine($"dpo: {PlainText.Of(note)}");
        }
        Print(parsed, new
        {
            output,
            to,
            type,
            maps = adapter?.Maps.Count ?? 0,
            adapter?.Rank,
            adapter?.Alpha,
            base_sha256 = baseDigest.Hex,
            adapter_sha256 = adapter is null ? null : Digest.OfFile(adapterFile.FullName).Hex,
            notes,
            cost,
        }, cost is null ? output : $"{output}: {cost}");
        return ExitCodes.Done;
    }

    /// <summary>Whether a file is a whole model in place of an adapter.</summary>
    private static bool IsModel(FileInfo file)
    {
        using var gguf = GgufFile.Open(file.FullName);
        return gguf.Metadata.GetString("general.type", "model") == "model";
    }

    /// <summary>What a folder has that is the base's, or the nearest that it can have.</summary>
    private static string TypeOf(GgufFile model) => model.Tensors[ModelConfig.Embedding].Type switch
    {
        TensorType.F32 => "f32",
        TensorType.F16 => "f16",
        _ => "bf16",
    };

    private static Task<bool> MergeAsync(
        GgufFile model,
        LoraAdapter adapter,
        string output,
        TensorType? type,
        CancellationToken cancellationToken) =>
        StepProgress.RunAsync<int, bool>(
        "merging",
        merged => (merged, adapter.Maps.Count, "maps"),
        progress => Task.Run(
            () =>
            {
                new AdapterMerge(model, adapter, progress, cancellationToken).Write(output, type);
                return true;
            },
            cancellationToken));

    /// <summary>What a model is merged as before it is quantised: as it is, or, quantised already, as half precision.</summary>
    private static TensorType? WholeType(GgufFile model) =>
        model.Tensors.Values.Any(tensor => tensor.Type.BlockLength() > 1) ? TensorType.F16 : null;

    private static void CheckOptions(ParseResult parsed, string to)
    {
        if (to != Merged && parsed.GetValue(_type) is not (null or "f32" or "f16" or "bf16"))
        {
            throw new UserInputException(
                $"--type {parsed.GetValue(_type)} is for merged models in one GGUF; {(to == Peft ? "PEFT's files hold" : "a folder holds")} f32, f16 or bf16.");
        }
        if (to != Merged)
        {
            CommonOptions.RefuseText(parsed.GetValue(_text));
        }
        if (to != Peft && parsed.GetValue(_baseName) is not null)
        {
            throw new UserInputException("--base-name is for --to peft; a merged model has no base. Leave it out.");
        }
    }

    private static TensorType Parse(string type) => Enum.Parse<TensorType>(type, ignoreCase: true);

    private static string NameOf(GgufFile model) => model.Metadata.GetString("general.name", Path.GetFileNameWithoutExtension(model.Path));

    private static void Print(ParseResult parsed, object document, string output)
    {
        if (parsed.GetValue(_json))
        {
            CommonOptions.PrintJson(document);
        }
        else
        {
            Console.WriteLine($"wrote {output}");
        }
    }
}

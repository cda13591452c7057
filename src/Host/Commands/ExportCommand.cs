using System.CommandLine;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Adapters;
using IterativeDpo.Artifacts.Adapters.Peft;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Host.Models;
using IterativeDpo.Host.Terminal;

namespace IterativeDpo.Host.Commands;

/// <summary><c>dpo export</c>: an adapter for the PEFT library, or merged into its base.</summary>
public static class ExportCommand
{
    private const string Peft = "peft", Merged = "merged", Keep = "keep";

    private static readonly Argument<FileInfo> _adapter = new("ADAPTER") { Description = "The LoRA adapter GGUF." };
    private static readonly Option<FileInfo> _model = CommonOptions.Model();
    private static readonly Option<string> _to = CommonOptions.Choice(
        "--to", "peft: a directory that PEFT loads.  merged: one GGUF of base and adapter.", Peft, Merged);

    private static readonly Option<FileInfo> _output = new("--out")
    {
        Description = "The directory or file to write.",
        HelpName = "PATH",
        Required = true,
    };

    private static readonly Option<string?> _type = CommonOptions.Choice(
        "--type",
        "How values are stored; f32 for PEFT and keep (the base's own types) for a merged model if not given.",
        "f32", "f16", "bf16", "q8_0", Keep)!;

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
            "Write an adapter for the PEFT library, or merge it into its base.",
            "./dpo export adapter.gguf --model base.gguf --to peft --out adapter-peft --base-name org/base",
            "./dpo export adapter.gguf --model base.gguf --to merged --out merged.gguf",
            "./dpo export adapter.gguf --model base.gguf --to merged --out merged.gguf --type q8_0 --json")
        {
            _adapter, _model, _to, _output, _type, _baseName, _force, _json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var (adapterFile, to) = (parsed.GetRequiredValue(_adapter), parsed.GetRequiredValue(_to));
        var modelFile = new FileInfo(await ModelFolders.FileOfAsync(parsed.GetRequiredValue(_model).FullName, cancellationToken));
        var type = parsed.GetValue(_type) ?? (to == Peft ? "f32" : Keep);
        CheckOptions(parsed, to, type);
        var output = to == Peft
            ? OutputPath.OfDirectory(new(parsed.GetRequiredValue(_output).FullName), parsed.GetValue(_force))
            : OutputPath.OfFile(parsed.GetRequiredValue(_output), parsed.GetValue(_force), adapterFile, modelFile);
        using var model = GgufFile.Open(modelFile.FullName);
        var config = ModelConfig.Read(model);
        var baseDigest = GgufFile.DigestOf(modelFile.FullName);
        var adapter = LoraAdapter.Read(adapterFile.FullName, config, baseDigest);
        if (to == Peft)
        {
            PeftExport.Write(adapter, output, config, parsed.GetValue(_baseName) ?? NameOf(model), Parse(type));
        }
        else
        {
            await StepProgress.RunAsync<int, int>(
                "merging",
                merged => (merged, adapter.Maps.Count, "maps"),
                progress => Task.Run(() => Merge(new(model, adapter, progress, cancellationToken), output, type), cancellationToken));
        }
        Print(parsed, new
        {
            output,
            to,
            type,
            maps = adapter.Maps.Count,
            adapter.Rank,
            adapter.Alpha,
            base_sha256 = baseDigest.Hex,
            adapter_sha256 = Digest.OfFile(adapterFile.FullName).Hex,
        }, output);
        return ExitCodes.Done;
    }

    private static void CheckOptions(ParseResult parsed, string to, string type)
    {
        if (to == Peft && type is "q8_0" or Keep)
        {
            throw new UserInputException($"--type {type} is for merged models; PEFT's files hold f32, f16 or bf16.");
        }
        if (to == Merged && parsed.GetValue(_baseName) is not null)
        {
            throw new UserInputException("--base-name is for --to peft; a merged model has no base. Leave it out.");
        }
    }

    private static int Merge(AdapterMerge merge, string output, string type)
    {
        merge.Write(output, type == Keep ? null : Parse(type));
        return 0;
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

using System.CommandLine;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Adapters;
using IterativeDpo.Artifacts.Adapters.Peft;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Host.Models;

namespace IterativeDpo.Host.Commands;

/// <summary><c>dpo import</c>: an adapter of the PEFT library or of llama.cpp, as an adapter of a base GGUF.</summary>
public static class ImportCommand
{
    private static readonly Argument<string> _source = new("ADAPTER")
    {
        Description = "The directory that PEFT's save_pretrained wrote, or a LoRA GGUF of another program.",
    };
    private static readonly Option<FileInfo> _model = CommonOptions.Model();
    private static readonly Option<FileInfo> _output = new("--out")
    {
        Description = "The adapter GGUF to write.",
        HelpName = "FILE",
        Required = true,
    };
    private static readonly Option<bool> _force = CommonOptions.Force();
    private static readonly Option<bool> _json = CommonOptions.Json();

    public static Command Create()
    {
        var command = new ExampleCommand(
            "import",
            "Take a LoRA adapter from the PEFT library, or from llama.cpp's tools, for generating and for training on from it.",
            "./dpo import adapter-peft --model base.gguf --out adapter.gguf",
            "./dpo import lora-of-others.gguf --model base.gguf --out adapter.gguf",
            "./dpo import adapter-peft --model base.gguf --out adapter.gguf --force --json")
        {
            _source, _model, _output, _force, _json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var modelFile = new FileInfo(await ModelFolders.FileOfAsync(parsed.GetRequiredValue(_model).FullName, cancellationToken));
        var source = parsed.GetRequiredValue(_source);
        var isFile = File.Exists(source);
        var output = OutputPath.OfFile(
            parsed.GetRequiredValue(_output),
            parsed.GetValue(_force),
            isFile ? [modelFile, new FileInfo(source)] : [modelFile]);
        using var model = GgufFile.Open(modelFile.FullName);
        var config = ModelConfig.Read(model);
        var digest = GgufFile.DigestOf(modelFile.FullName);
        var adapter = isFile
            ? LoraAdapter.Import(Path.GetFullPath(source), config, digest)
            : PeftImport.Read(Path.GetFullPath(source), config, digest);
        adapter.Write(output, config);
        if (parsed.GetValue(_json))
        {
            CommonOptions.PrintJson(new
            {
                output,
                maps = adapter.Maps.Count,
                adapter.Rank,
                adapter.Alpha,
                base_sha256 = adapter.Manifest.BaseSha256.Hex,
                adapter_sha256 = Digest.OfFile(output).Hex,
            });
        }
        else
        {
            Console.WriteLine($"wrote {output}: rank {adapter.Rank}, alpha {adapter.Alpha} on {adapter.Maps.Count} maps");
        }
        return ExitCodes.Done;
    }
}

using System.CommandLine;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.HuggingFace;
using IterativeDpo.Host.Models;

namespace IterativeDpo.Host.Commands;

/// <summary><c>dpo convert-model</c>: a model's folder of Hugging Face's libraries to a GGUF.</summary>
public static class ConvertModelCommand
{
    private static readonly Argument<DirectoryInfo> _folder = new("FOLDER")
    {
        Description = "The folder with config.json, the safetensors and the tokenizer.",
    };
    private static readonly Option<FileInfo> _output = new("--out")
    {
        Description = "The GGUF to write.",
        HelpName = "FILE",
        Required = true,
    };
    private static readonly Option<string?> _type = CommonOptions.WeightType(
        "How weights are stored; as the folder has them if not given.");
    private static readonly Option<FileInfo?> _text = CommonOptions.MeasuredText();
    private static readonly Option<int?> _threads = CommonOptions.Threads();
    private static readonly Option<bool> _force = CommonOptions.Force();
    private static readonly Option<bool> _json = CommonOptions.Json();

    public static Command Create()
    {
        var command = new ExampleCommand(
            "convert-model",
            "Convert a model's folder of Hugging Face's libraries to a GGUF. Wherever a GGUF is wanted a folder can be given too, and is then converted once, into the cache.",
            "./dpo convert-model Qwen3-0.6B --out qwen3.gguf",
            "./dpo convert-model gemma-3-1b-it --out gemma.gguf --type q8_0 --json",
            "./dpo convert-model Qwen3-4B --out qwen3-q4.gguf --type q4_k_m --text sample.txt")
        {
            _folder, _output, _type, _text, _threads, _force, _json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var path = parsed.GetRequiredValue(_folder).FullName;
        if (File.Exists(path))
        {
            throw new UserInputException($"{path}: this is a file, and a model's folder is converted. Name the folder.");
        }
        var (word, text) = (parsed.GetValue(_type), parsed.GetValue(_text));
        var output = OutputPath.OfFile(parsed.GetRequiredValue(_output), parsed.GetValue(_force), text is null ? [] : [text]);
        using var folder = ModelFolder.Open(path);
        QuantisationCost? cost = null;
        if (word is not null && ModelQuantiser.Writes(word, text?.FullName))
        {
            cost = await ModelQuantiser.WriteAsync(
                output,
                word,
                text?.FullName,
                parsed.GetValue(_threads) ?? Environment.ProcessorCount,
                whole => ModelFolders.ConvertAsync(folder, whole, type: null, cancellationToken));
        }
        else
        {
            CommonOptions.RefuseText(text);
            await ModelFolders.ConvertAsync(
                folder,
                output,
                word is null ? null : Enum.Parse<TensorType>(word, ignoreCase: true),
                cancellationToken);
        }
        if (parsed.GetValue(_json))
        {
            CommonOptions.PrintJson(
                new
                {
                    output,
                    architecture = folder.Config.Architecture.Name,
                    type = word ?? "keep",
                    sha256 = Digest.OfFile(output).Hex,
                    cost,
                });
        }
        else
        {
            Console.WriteLine($"wrote {output}{(cost is null ? "" : $": {cost}")}");
        }
        return ExitCodes.Done;
    }
}

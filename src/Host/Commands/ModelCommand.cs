using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using IterativeDpo.Artifacts;
using IterativeDpo.Host.Models;
using IterativeDpo.Host.Terminal;
using IterativeDpo.Training;

namespace IterativeDpo.Host.Commands;

/// <summary><c>dpo model</c>: what a model file is, whether it is supported, and whether trainer and llama.cpp agree on it.</summary>
public static class ModelCommand
{
    private static readonly Argument<FileInfo> _file = new("FILE")
    {
        Description = "The model's GGUF, of one in several files the first; or a folder of Hugging Face's libraries.",
    };
    private static readonly Option<int[]> _tokens = new("--tokens")
    {
        Description = "Token ids to compute, e.g. 1,2,3; 64 tokens of every kind if not given.",
        HelpName = "IDS",
        CustomParser = Ids,
    };

    private static readonly Option<bool> _logits = new("--logits")
    {
        Description = "Give the trainer's logits after each token in the JSON document.",
    };
    private static readonly Option<int?> _threads = CommonOptions.Threads();
    private static readonly Option<bool> _json = CommonOptions.Json();

    public static Command Create()
    {
        var command = new ExampleCommand(
            "model",
            "Show what a model is, what training it takes, and whether trainer and llama.cpp compute the same of it. Exit code 2: not supported, 1: they disagree.",
            "./dpo model policy.gguf",
            "./dpo model policy.gguf --json --tokens 1,2,3 --logits")
        {
            _file, _tokens, _logits, _threads, _json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var (json, logits) = (parsed.GetValue(_json), parsed.GetValue(_logits));
        if (logits && !json)
        {
            throw new UserInputException("--logits goes with --json: they are numbers by the thousand.");
        }
        var report = ModelReport.Of(
            await ModelFolders.FileOfAsync(parsed.GetRequiredValue(_file).FullName, cancellationToken),
            parsed.GetValue(_tokens) ?? [],
            logits,
            parsed.GetValue(_threads) ?? Environment.ProcessorCount);
        if (json)
        {
            CommonOptions.PrintJson(report);
        }
        else
        {
            Print(report);
        }
        return report.ExitCode;
    }

    private static void Print(ModelReport report)
    {
        Console.WriteLine($"{"model",-10} {PlainText.Of(report.Name)}");
        Console.WriteLine(
            FormattableString.Invariant($"{"family",-10} {PlainText.Of(report.Architecture)}, {report.Parameters:N0} parameters"));
        Console.WriteLine($"{"tensors",-10} {string.Join(", ", report.TensorTypes.Select(type => $"{type.Value} {type.Key}"))}");
        Console.WriteLine($"{"template",-10} {(report.ChatTemplate ? "yes" : "none: prompts are texts")}");
        if (report.ContextLength is not null)
        {
            Console.WriteLine(
                FormattableString.Invariant($"{"context",-10} {report.ContextLength:N0} tokens, vocabulary {report.Vocabulary:N0}"));
        }
        if (report.MemoryBytes is { } memory)
        {
            Console.WriteLine(
                $"{"memory",-10} LoRA {MemoryEstimate.Format(memory.Lora)}, on a Q4_K base {MemoryEstimate.Format(memory.Qlora)}, every weight {MemoryEstimate.Format(memory.Full)}, "
                + "with default settings");
        }
        Console.WriteLine($"{"supported",-10} {(report.Supported ? "yes" : "no")}");
        if (report.Check is { } check)
        {
            Console.WriteLine(FormattableString.Invariant(
                $"{"check",-10} {(check.Agrees ? "agree" : "DISAGREE")}: logits after {check.Tokens} tokens differ by at most {check.MaxAbsDiff:G3} (limit {check.Limit:G3})"));
        }
        if (report.Problem is not null)
        {
            Console.WriteLine($"{"problem",-10} {PlainText.Of(report.Problem)}");
        }
    }

    private static int[]? Ids(ArgumentResult result)
    {
        var words = result.Tokens[0].Value.Split(',');
        var ids = words.Select(word => int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : -1).ToArray();
        if (Array.IndexOf(ids, -1) is >= 0 and var wrong)
        {
            result.AddError($"--tokens takes token ids with commas between, e.g. 1,2,3; '{words[wrong]}' is none.");
            return null;
        }
        return ids;
    }
}

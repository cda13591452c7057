using System.CommandLine;
using IterativeDpo.Generation.Llama;
using IterativeDpo.Host.Models;
using IterativeDpo.Host.Terminal;
using IterativeDpo.Training.Data;

namespace IterativeDpo.Host.Commands;

/// <summary><c>dpo convert</c>: preference data from one format to another.</summary>
public static class ConvertCommand
{
    private static readonly (string Word, DataTarget Target)[] _targets =
    [
        ("pairs", DataTarget.Pairs),
        ("trl", DataTarget.Trl),
        ("trl-conversational", DataTarget.TrlConversational),
        ("trl-unpaired", DataTarget.TrlUnpaired),
    ];

    private static readonly Argument<FileInfo[]> _data = new("DATA")
    {
        Description =
            "JSON lines (also .gz and .zst) or Parquet: our pairs, or TRL's preference or unpaired preference, standard or conversational; several files are read one after the other; - is standard input.",
        Arity = ArgumentArity.OneOrMore,
    };

    private static readonly Option<string> _to = Target("--to");

    private static readonly Option<FileInfo> _output = new("--out")
    {
        Description = "The file to write.",
        HelpName = "FILE",
        Required = true,
    };

    private static readonly Option<FileInfo?> _model = new("--model")
    {
        Description =
            "The model, a GGUF or a folder, whose tokenizer and chat template count; needed from and to token ids, and from messages to texts.",
        HelpName = "FILE",
    };

    private static readonly Option<string[]> _set = CommonOptions.ChatTemplate();
    private static readonly Option<bool> _skip = CommonOptions.SkipBadRows();
    private static readonly Option<bool> _list = new("--list-bad-rows")
    {
        Description = $"List the rows that were left out, the first {RowSummary.MostListed} of them, with the reasons.",
    };
    private static readonly Option<bool> _force = CommonOptions.Force();
    private static readonly Option<int?> _threads = CommonOptions.Threads();
    private static readonly Option<bool> _json = CommonOptions.Json();

    public static Command Create()
    {
        _to.Required = true;
        var command = new ExampleCommand(
            "convert",
            "Convert preference data between our pairs and TRL's formats.",
            "./dpo convert pairs.jsonl --model model.gguf --to trl-conversational --out for-trl.jsonl",
            "./dpo convert from-trl.jsonl --model model.gguf --to pairs --out pairs.jsonl --skip-bad-rows --list-bad-rows",
            "./dpo convert data/train-*.parquet --to trl-conversational --out train.jsonl",
            "./dpo convert preferences.jsonl.gz --to trl-unpaired --out kto.jsonl --json",
            "head -100 preferences.jsonl | ./dpo convert - --to trl-unpaired --out kto.jsonl")
        {
            _data, _to, _output, _model, _set, _skip, _list, _force, _threads, _json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    /// <summary>An option that takes a format to convert to.</summary>
    internal static Option<string> Target(string name) => CommonOptions.Choice(
        name,
        "pairs: token ids.  trl: texts.  trl-conversational: messages.  trl-unpaired: completions with labels.",
        [.. _targets.Select(target => target.Word)]);

    internal static DataTarget TargetOf(string word) => _targets.First(entry => entry.Word == word).Target;

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        FileInfo[] data = [.. parsed.GetRequiredValue(_data).Select(file => file.ToString() == "-" ? new FileInfo("/dev/stdin") : file)];
        var model = parsed.GetValue(_model) is { } given
            ? new FileInfo(await ModelFolders.FileOfAsync(given.FullName, cancellationToken))
            : null;
        var output = OutputPath.OfFile(parsed.GetRequiredValue(_output), parsed.GetValue(_force), model is null ? data : [.. data, model]);
        using var tokenizer = model is null
            ? null
            : LlamaTextTokenizer.Load(model.FullName, CommonOptions.ChatTemplateOf(parsed.GetValue(_set)));
        var target = TargetOf(parsed.GetRequiredValue(_to));
        var options = new DataOptions(
            int.MaxValue, SkipBadRows: parsed.GetValue(_skip), Threads: parsed.GetValue(_threads) ?? Environment.ProcessorCount);
        var summary = await StepProgress.RunAsync<DataProgress, ConversionSummary>(
            "converting", DataView.Of, progress => Task.Run(
                () =>
                    new DataConverter(target, tokenizer).Convert(
                        [.. data.Select(file => file.FullName)],
                        output,
                        options,
                        progress,
                        cancellationToken),
                cancellationToken));
        Print(summary, output, parsed.GetValue(_list), parsed.GetValue(_json));
        return ExitCodes.Done;
    }

    private static void Print(ConversionSummary summary, string output, bool list, bool json)
    {
        if (json)
        {
            CommonOptions.PrintJson(new
            {
                output,
                rows_read = summary.Read.Rows,
                rows_written = summary.RowsWritten,
                rows_rejected = summary.Read.Rejected,
                rejected = DataView.Problems(summary.Read),
                bad_rows = list ? DataView.BadRows(summary.Read) : null,
            });
            return;
        }
        if (list)
        {
            foreach (var row in summary.Read.FirstRejected)
            {
                Console.Error.WriteLine(PlainText.Of($"{row.File}, line {row.Line}: {row.Detail}"));
            }
            if (summary.Read.FirstRejected.Count is var listed && listed < summary.Read.Rejected)
            {
                Console.Error.WriteLine($"and {summary.Read.Rejected - listed} more; the first {listed} are listed");
            }
        }
        Console.WriteLine($"wrote {output}: {summary.RowsWritten} rows of {summary.Read.Rows}{DataView.Rejected(summary.Read)}");
    }
}

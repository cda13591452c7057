using System.CommandLine;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Generation.Llama;
using IterativeDpo.Host.Models;
using IterativeDpo.Host.Pairs;
using IterativeDpo.Host.Terminal;
using IterativeDpo.Training;
using IterativeDpo.Training.Data;

namespace IterativeDpo.Host.Commands;

/// <summary><c>dpo pairs</c>: a campaign's preference pairs with where they came from.</summary>
public static class PairsCommand
{
    private static readonly Option<DirectoryInfo> _state = CommonOptions.State();
    private static readonly Option<int?> _round = CommonOptions.Positive("--round", "Of this round only.");
    private static readonly Option<string?> _task = new("--task") { Description = "Of prompts of this task only.", HelpName = "TASK" };
    private static readonly Option<string?> _judge = new("--judge") { Description = "Of this judge only.", HelpName = "NAME" };
    private static readonly Option<double?> _minMargin = new("--min-margin")
    {
        Description = "Scores at least this far apart.",
        HelpName = "X",
        CustomParser = CommonOptions.FiniteNumber,
    };
    private static readonly Option<string?> _prompt = new("--prompt") { Description = "Of the prompt with this id only.", HelpName = "ID" };
    private static readonly Option<string?> _contains = new("--contains")
    {
        Description = "With this text in the prompt or an answer, in any case.",
        HelpName = "TEXT",
    };
    private static readonly Option<int> _limit = CommonOptions.Number("--limit", "Most that are listed; 0: all.", 20, 0, int.MaxValue);
    private static readonly Option<bool> _dropped = new("--dropped")
    {
        Description = "List the prompts that gave no pair, and why, instead.",
    };
    private static readonly Option<bool> _json = CommonOptions.Json();

    private static readonly Argument<string> _id = new("ID") { Description = "As ./dpo pairs lists it: ROUND:PROMPT:CHOSEN:REJECTED." };
    private static readonly Option<FileInfo> _out = new("--out") { Description = "The file to write.", HelpName = "FILE", Required = true };
    private static readonly Option<string> _format = ConvertCommand.Target("--format");
    private static readonly Option<FileInfo?> _model = new("--model")
    {
        Description = "The GGUF whose tokenizer and chat template count; the campaign's if not given.",
        HelpName = "FILE",
    };
    private static readonly Option<bool> _skip = CommonOptions.SkipBadRows();
    private static readonly Option<bool> _force = CommonOptions.Force();

    private static readonly Option[] _filters = [_round, _task, _judge, _minMargin, _prompt, _contains];

    public static Command Create()
    {
        var command = new ExampleCommand(
            "pairs",
            "List a campaign's preference pairs, show what made one, or export them; also while it runs.",
            "./dpo pairs --round 2 --task add --min-margin 0.5",
            "./dpo pairs --contains \"in capitals\" --limit 5 --json",
            "./dpo pairs --dropped --round 1",
            "./dpo pairs show 2:p-0a1b2c3d4e5f:5:1",
            "./dpo pairs export --task add --format trl-conversational --out add.jsonl")
        {
            _state, _limit, _dropped, _json, Show(), Export(),
        };
        AddFilters(command);
        command.SetAction(parsed => parsed.GetValue(_dropped) ? ListDropped(parsed) : List(parsed));
        return command;
    }

    private static ExampleCommand Show()
    {
        var command = new ExampleCommand(
            "show", "Everything that made a pair: texts, seeds, sampler, policy, judge, its explanations and what it was asked.",
            "./dpo pairs show 2:p-0a1b2c3d4e5f:5:1",
            "./dpo pairs show 2:p-0a1b2c3d4e5f:5:1 --state /data/my-campaign --json")
        {
            _id,
            _state,
            _json,
        };
        command.SetAction(parsed =>
        {
            var found = Open(parsed).Find(parsed.GetRequiredValue(_id));
            if (parsed.GetValue(_json))
            {
                CommonOptions.PrintJson(Json(found));
                return ExitCodes.Done;
            }
            foreach (var line in PairText.Whole(found))
            {
                Console.WriteLine(PlainText.Of(line));
            }
            return ExitCodes.Done;
        });
        return command;
    }

    private static ExampleCommand Export()
    {
        _format.Required = true;
        var command = new ExampleCommand(
            "export", "Write pairs as a data file, for ./dpo train or TRL.",
            "./dpo pairs export --format trl --out pairs.jsonl",
            "./dpo pairs export --round 3 --min-margin 0.5 --format pairs --out round3.jsonl")
        {
            _state,
            _out,
            _format,
            _model,
            _skip,
            _force,
            _json,
        };
        AddFilters(command);
        command.SetAction(ExportAsync);
        return command;
    }

    private static void AddFilters(Command command)
    {
        foreach (var option in _filters)
        {
            command.Add(option);
        }
    }

    private static int List(ParseResult parsed)
    {
        var limit = parsed.GetValue(_limit);
        var pairs = Open(parsed).Read(Filter(parsed));
        if (parsed.GetValue(_json))
        {
            CommonOptions.PrintJson(new { pairs = Limited(pairs, limit).Select(Json) });
            return ExitCodes.Done;
        }
        Print(PairText.Heading, pairs.Select(PairText.Row), limit, "pairs");
        return ExitCodes.Done;
    }

    private static int ListDropped(ParseResult parsed)
    {
        var (campaign, filter) = (Open(parsed), Filter(parsed));
        var dropped = campaign.Rounds(filter.Round).SelectMany(round => DroppedPrompts.Of(campaign, round, filter));
        if (parsed.GetValue(_json))
        {
            CommonOptions.PrintJson(new { dropped = Limited(dropped, parsed.GetValue(_limit)) });
            return ExitCodes.Done;
        }
        Print(
            $"{"ROUND",-6} {"PROMPT",-26} {"TASK",-13} REASON",
            dropped.Select(prompt => $"{prompt.Round,-6} {prompt.PromptId,-26} {prompt.Task ?? "-",-13} {prompt.Reason}"),
            parsed.GetValue(_limit),
            "dropped prompts");
        return ExitCodes.Done;
    }

    private static async Task<int> ExportAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var campaign = Open(parsed);
        var target = ConvertCommand.TargetOf(parsed.GetRequiredValue(_format));
        var output = OutputPath.OfFile(parsed.GetRequiredValue(_out), parsed.GetValue(_force));
        var work = Directory.CreateTempSubdirectory("dpo-pairs-");
        try
        {
            var chosen = Path.Combine(work.FullName, "chosen.jsonl");
            var any = false;
            AtomicFile.Write(chosen, stream => PairFile.Write(stream, campaign.Read(Filter(parsed)).Select(found =>
            {
                any = true;
                return new PairRecord(found.Pair, found.Source);
            })));
            if (!any)
            {
                throw new UserInputException(
                    "No pair matches, so nothing is written; ./dpo pairs with the same options shows what there is.");
            }
            var model = await ModelFolders.FileOfAsync(parsed.GetValue(_model)?.FullName ?? campaign.Options.ModelPath, cancellationToken);
            using var tokenizer = target == DataTarget.Pairs ? null : LlamaTextTokenizer.Load(model, campaign.Options.ChatTemplate);
            var options = new DataOptions(int.MaxValue, SkipBadRows: parsed.GetValue(_skip), Threads: Environment.ProcessorCount);
            var summary = await StepProgress.RunAsync<DataProgress, ConversionSummary>("exporting", DataView.Of, progress => Task.Run(
                () => new DataConverter(target, tokenizer).Convert([chosen], output, options, progress, cancellationToken),
                cancellationToken));
            if (parsed.GetValue(_json))
            {
                CommonOptions.PrintJson(new { output, pairs = summary.Read.Rows, rows_written = summary.RowsWritten });
                return ExitCodes.Done;
            }
            Console.WriteLine($"wrote {output}: {summary.RowsWritten} rows of {summary.Read.Rows} pairs{DataView.Rejected(summary.Read)}");
            return ExitCodes.Done;
        }
        finally
        {
            work.Delete(recursive: true);
        }
    }

    private static CampaignPairs Open(ParseResult parsed) => CampaignPairs.Open(parsed.GetRequiredValue(_state).FullName);

    private static PairFilter Filter(ParseResult parsed) => new(
        parsed.GetValue(_round),
        parsed.GetValue(_task),
        parsed.GetValue(_judge),
        parsed.GetValue(_minMargin),
        parsed.GetValue(_prompt),
        parsed.GetValue(_contains));

    private static object Json(FoundPair found) => new { Id = found.Id.ToString(), found.Pair, Provenance = found.Source };

    private static IEnumerable<T> Limited<T>(IEnumerable<T> items, int limit) => limit == 0 ? items : items.Take(limit);

    private static void Print(string heading, IEnumerable<string> rows, int limit, string what)
    {
        var shown = 0;
        foreach (var row in rows)
        {
            if (shown == 0)
            {
                Console.WriteLine(heading);
            }
            if (shown == limit && limit > 0)
            {
                Console.Error.WriteLine($"and more; the first {limit} are listed, --limit 0 lists all");
                return;
            }
            Console.WriteLine(PlainText.Of(row));
            shown++;
        }
        if (shown == 0)
        {
            Console.Error.WriteLine($"there are no such {what}");
        }
    }
}

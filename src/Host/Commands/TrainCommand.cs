using System.CommandLine;
using IterativeDpo.Artifacts.Settings;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Host.Models;
using IterativeDpo.Host.TrainingRuns;

namespace IterativeDpo.Host.Commands;

/// <summary><c>dpo train</c>: one round of preference training on data from a file, with the campaign's own trainer.</summary>
public static class TrainCommand
{
    private static readonly Option<FileInfo> _model = new("--model")
    {
        Description = "The base model, a GGUF or a folder of Hugging Face's libraries.",
        HelpName = "FILE",
        Required = true,
    };
    private static readonly Option<FileInfo[]> _data = new("--data")
    {
        Description =
            "Preference data in JSON lines (also .gz and .zst) or Parquet: TRL's formats, paired or unpaired, or a pair file; several files are read one after the other.",
        HelpName = "FILE",
        Required = true,
        AllowMultipleArgumentsPerToken = true,
    };
    private static readonly Option<DirectoryInfo> _out = new("--out")
    {
        Description = "Takes adapter.gguf or model.gguf, metrics.jsonl, report.html and the checkpoints.",
        HelpName = "DIR",
        Required = true,
    };
    private static readonly Option<FileInfo[]?> _earlier = new("--earlier")
    {
        Description = "Data of earlier rounds, for policy.data=accumulated or replay.",
        HelpName = "FILE",
        AllowMultipleArgumentsPerToken = true,
    };
    private static readonly Option<FileInfo?> _average = new("--average")
    {
        Description = "The average.gguf of the round before, for policy.reference=ema; without it an average begins.",
        HelpName = "FILE",
    };
    private static readonly Option<FileInfo?> _config = new("--config")
    {
        Description = "A campaign file: its training, policy, seed and threads settings count here.",
        HelpName = "FILE",
    };
    private static readonly Option<string[]> _set = CommonOptions.Settings("training.loss.type=simpo");
    private static readonly Option<FileInfo?> _adapter = new("--adapter")
    {
        Description =
            "The previous round's adapter: training goes on from it, and it is the reference (policy.initialisation, policy.reference).",
        HelpName = "FILE",
    };
    private static readonly Option<bool> _skipBadRows = CommonOptions.SkipBadRows();
    private static readonly Option<bool> _full = new("--full")
    {
        Description = "Train every weight and write a whole model instead of an adapter.",
    };
    private static readonly Option<bool> _skipModelCheck = CommonOptions.SkipModelCheck();
    private static readonly Option<DirectoryInfo?> _tensorBoard = CommonOptions.TensorBoard();
    private static readonly Option<bool> _json = CommonOptions.Json();

    private static readonly (Option Option, string Key)[] _shortcuts =
    [
        (Text("--loss", "The loss, or several with commas: sigmoid,sft."), "training.loss.type"),
        (Text("--beta", "β of the loss."), "training.loss.beta"),
        (Text("--learning-rate", "The highest learning rate."), "training.learning-rate"),
        (Text("--epochs", "Passes over the data."), "training.epochs"),
        (Text("--batch-pairs", "Examples to an optimiser step."), "training.batch-pairs"),
        (Text("--max-length", "Most tokens of a prompt and one completion together."), "training.max-length"),
        (Text("--lora-rank", "Rank of the adapter."), "training.lora.rank"),
        (Text("--seed", "Seeds the adapter's first values and the data order."), "seed"),
        (Text("--threads", "Processor threads; 0: all."), "threads"),
    ];

    public static Command Create()
    {
        var command = new ExampleCommand(
            "train",
            "Train a policy on preference data: any loss, an adapter or the whole model. The same command goes on where it was stopped.",
            "./dpo train --model models/seed.gguf --data pairs.jsonl --out out",
            "./dpo train --model m.gguf --data pairs.jsonl --out out --loss simpo --set training.loss.gamma-beta-ratio=0.5 --beta 2",
            "./dpo train --model m.gguf --data data/train-*.parquet --out out",
            "./dpo train --model m.gguf --data kto.jsonl --out out --loss kto --epochs 3 --json",
            "./dpo train --model m.gguf --data round2.jsonl --adapter out1/adapter.gguf --set policy.reference=base --out out2",
            "./dpo train --model m.gguf --data round3.jsonl --earlier round1.jsonl round2.jsonl --set policy.data=replay --out out3",
            "./dpo train --model m.gguf --data pairs.jsonl --out full --full --learning-rate 1e-6")
        {
            _model, _data, _out, _config, _set, _adapter, _average, _earlier, _skipBadRows, _full, _skipModelCheck, _tensorBoard, _json,
        };
        foreach (var (option, _) in _shortcuts)
        {
            command.Add(option);
        }
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var configuration = TrainingConfiguration.Load(parsed.GetValue(_config)?.FullName, Overrides(parsed));
        if (parsed.GetValue(_full))
        {
            configuration = configuration with { Options = configuration.Options with { Lora = null } };
        }
        var inputs = new TrainingInputs(
            await ModelFolders.FileOfAsync(parsed.GetRequiredValue(_model).FullName, cancellationToken),
            [.. parsed.GetRequiredValue(_data).Select(file => file.FullName)],
            [.. (parsed.GetValue(_earlier) ?? []).Select(file => file.FullName)],
            parsed.GetValue(_adapter)?.FullName,
            parsed.GetValue(_average)?.FullName,
            parsed.GetValue(_skipBadRows),
            parsed.GetRequiredValue(_out).FullName);
        var models = parsed.GetValue(_skipModelCheck) ? null : CheckedModels.Of(configuration.Options.Threads);
        var outcome = await new TrainingSession(configuration, inputs, models)
        {
            TensorBoard = parsed.GetValue(_tensorBoard)?.FullName,
        }.RunAsync(cancellationToken);
        if (parsed.GetValue(_json))
        {
            CommonOptions.PrintJson(outcome);
            return ExitCodes.Done;
        }
        Console.WriteLine($"{outcome.Losses}: {outcome.Steps} steps on {outcome.Examples} examples in {outcome.Seconds:F1} s");
        Console.WriteLine($"wrote {outcome.Output}");
        Console.WriteLine($"report: {Path.Combine(inputs.Output, "report.html")}");
        return ExitCodes.Done;
    }

    private static List<ConfigurationOverride> Overrides(ParseResult parsed)
    {
        var overrides = CommonOptions.Overrides(parsed.GetValue(_set), "training.epochs=2").ToList();
        foreach (var (option, key) in _shortcuts)
        {
            if (parsed.GetValue((Option<string?>)option) is { } value)
            {
                overrides.Add(new($"campaign.{key}", value.Contains(',', StringComparison.Ordinal) ? $"[{value}]" : value, option.Name));
            }
        }
        return overrides;
    }

    private static Option<string?> Text(string name, string description) => new(name) { Description = description, HelpName = "VALUE" };
}

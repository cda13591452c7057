using System.CommandLine;
using IterativeDpo.Host.Terminal;
using IterativeDpo.Training.Seed;

namespace IterativeDpo.Host.Commands;

/// <summary><c>dpo seed</c>: a bundled policy, trained again from random weights.</summary>
public static class SeedCommand
{
    private static readonly Option<FileInfo> _output = new("--output")
    {
        Description = "The GGUF to write; its recipe goes beside it.",
        HelpName = "FILE",
        DefaultValueFactory = _ => new FileInfo("seed.gguf"),
    };

    private static readonly Option<int?> _seed = CommonOptions.Positive("--seed", "Seeds the first weights and every batch.");
    private static readonly Option<int?> _threads = CommonOptions.Positive(
        "--threads",
        "Processor threads; another number gives other bits.");
    private static readonly Option<bool> _open = new("--open")
    {
        Description = "The policy of the open tasks (models/open.gguf), which have many right answers.",
    };
    private static readonly Option<bool> _json = CommonOptions.Json();

    public static Command Create()
    {
        var command = new ExampleCommand(
            "seed",
            "Train the seed policy from random weights on generated tasks; takes some minutes.",
            "./dpo seed",
            "./dpo seed --output models/seed.gguf --seed 1 --json",
            "./dpo seed --open --output models/open.gguf")
        {
            _output, _open, _seed, _threads, _json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var path = OutputPath.OfFile(parsed.GetRequiredValue(_output), force: true);
        OutputPath.OfFile(new FileInfo(SeedTrainer.RecipePathOf(path)), force: true);
        var options = parsed.GetValue(_open) ? SeedOptions.Open(path) : new SeedOptions(path);
        options = options with
        {
            Seed = (ulong)(parsed.GetValue(_seed) ?? (int)options.Seed),
            Threads = parsed.GetValue(_threads) ?? options.Threads,
        };
        var recipe = await StepProgress.RunAsync<SeedProgress, SeedRecipe>(
            "training the seed policy",
            step => (step.Step, step.Steps, $"loss {step.Loss:F3}"),
            progress => SeedTrainer.RunAsync(options, progress, cancellationToken));
        if (parsed.GetValue(_json))
        {
            CommonOptions.PrintJson(recipe);
        }
        else
        {
            Console.WriteLine($"wrote {path}");
        }
        return ExitCodes.Done;
    }
}

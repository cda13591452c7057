using System.CommandLine;
using IterativeDpo.Generation.Llama;
using IterativeDpo.Host.Benchmarks;
using IterativeDpo.Training.Torch;

namespace IterativeDpo.Host.Commands;

/// <summary><c>dpo bench</c>: our speed as a ratio to a peer, both measured in one run on an idle machine.</summary>
public static class BenchCommand
{
    private const string _workerName = "trainer-worker";

    /// <summary>A command line that measures one shape in a process of its own.</summary>
    private static readonly string[] Worker = ["dotnet", "exec", typeof(BenchCommand).Assembly.Location, "bench", _workerName];

    private static readonly Option<int?> _threads = CommonOptions.Threads();
    private static readonly Option<bool> _json = CommonOptions.Json();

    public static Command Create()
    {
        var bench = new ExampleCommand(
            "bench",
            "Measure a part against its peer, as a ratio; run it on an idle machine.",
            "./dpo bench generation --json",
            "./dpo bench trainer --json",
            "./dpo bench actors --json",
            "./dpo bench data --json",
            "./dpo bench scaling --output scaling.html")
        {
            Subcommand("generation", "Sampling against a bare decode loop over the same batches.", GenerationAsync),
            Trainer(),
            Scaling(),
            Subcommand("actors", "Units of work through actors and journal against a plain loop, with engines that take no time.", ActorsAsync),
            Subcommand("data", "Reading, tokenising and opening preference data of up to a million rows, with the memory it takes.", DataAsync),
            TrainerWorker(),
        };
        return bench;
    }

    private static ExampleCommand Subcommand(string name, string description, Func<int, CancellationToken, Task<IReadOnlyList<object>>> measure)
    {
        var command = new ExampleCommand(name, description, $"./dpo bench {name}", $"./dpo bench {name} --json --threads 2") { _threads, _json };
        command.SetAction(async (parsed, token) =>
        {
            var results = await measure(parsed.GetValue(_threads) ?? Environment.ProcessorCount, token);
            if (parsed.GetValue(_json))
            {
                CommonOptions.PrintJson(new { results });
            }
            else
            {
                foreach (var result in results)
                {
                    Console.WriteLine(result);
                }
            }
            return ExitCodes.Done;
        });
        return command;
    }

    private static ExampleCommand Trainer()
    {
        string[] modes = ["lora", "full"];
        string[] names = [.. TrainerShape.All.Select(known => known.Name)];
        var shape = new Option<string?>("--shape") { Description = $"One shape only: {string.Join(", ", names)}." }.AcceptOnlyFromAmong(names);
        var mode = new Option<string?>("--mode") { Description = "lora or full only." }.AcceptOnlyFromAmong(modes);
        var command = new ExampleCommand(
            "trainer", "DPO steps against eager PyTorch (bench/peers/torch_dpo_step.py) at its best setting.",
            "./dpo bench trainer", "./dpo bench trainer --json --shape 48/48 --mode lora") { shape, mode, _json };
        command.SetAction(parsed =>
        {
            var peak = StepTimer.MeasureProductPeak(threads: 2, TimeProvider.System);
            var benchmark = new TrainerBenchmark(
                Worker,
                Path.Combine(AppContext.BaseDirectory, "bench", "peers", "torch_dpo_step.py"), peak);
            var results = benchmark.Run(
                [.. TrainerShape.All.Where(known => parsed.GetValue(shape) is not { } one || known.Name == one)],
                parsed.GetValue(mode) is { } only ? [only] : modes).ToList();
            if (parsed.GetValue(_json))
            {
                CommonOptions.PrintJson(new { matmulPeakGflops = peak / 1e9, results });
            }
            else
            {
                Console.WriteLine($"matrix products: {peak / 1e9:F0} GFLOP/s at most");
                results.ForEach(Console.WriteLine);
            }
            return ExitCodes.Done;
        });
        return command;
    }

    private static ExampleCommand Scaling()
    {
        var output = new Option<FileInfo?>("--output") { Description = "An HTML page with the curves.", HelpName = "FILE" };
        var command = new ExampleCommand(
            "scaling", "Time and memory of a step as tokens, vocabulary, layers, pairs and the base's type grow.",
            "./dpo bench scaling", "./dpo bench scaling --json --output scaling.html") { output, _json };
        command.SetAction(parsed =>
        {
            var results = new ScalingBenchmark(Worker).Run().ToList();
            if (parsed.GetValue(output) is { } page)
            {
                ScalingPage.Write(results, page.FullName);
            }
            if (parsed.GetValue(_json))
            {
                CommonOptions.PrintJson(new { results });
            }
            else
            {
                results.ForEach(Console.WriteLine);
            }
            return ExitCodes.Done;
        });
        return command;
    }

    /// <summary>Our side of the trainer benchmark, in a process of its own: its peak memory is then its own.</summary>
    private static Command TrainerWorker()
    {
        var arguments = new Argument<string[]>("SHAPE") { Arity = ArgumentArity.OneOrMore };
        var command = new Command(_workerName) { arguments };
        command.Hidden = true;
        command.SetAction(parsed => TrainerMeasurement.RunWorker(parsed.GetRequiredValue(arguments), Console.Out));
        return command;
    }

    private static Task<IReadOnlyList<object>> DataAsync(int threads, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<object>>([.. DataBenchmark.Run(BundledFiles.SeedModel, threads, cancellationToken)]);

    private static async Task<IReadOnlyList<object>> ActorsAsync(int threads, CancellationToken cancellationToken) =>
        [await ActorsBenchmark.RunAsync(cancellationToken)];

    private static async Task<IReadOnlyList<object>> GenerationAsync(int threads, CancellationToken cancellationToken) =>
        [await GenerationBenchmark.RunAsync(new LlamaOptions(BundledFiles.SeedModel, ContextSize: 160, Threads: threads), cancellationToken: cancellationToken)];
}

using System.CommandLine;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns;
using IterativeDpo.Generation.Llama;
using IterativeDpo.Host.Benchmarks;
using IterativeDpo.Training.Torch;

namespace IterativeDpo.Host.Commands;

/// <summary><c>dpo bench</c>: our speed as a ratio to a peer, both measured in one run on an idle machine.</summary>
public static class BenchCommand
{
    private static readonly Option<int?> _threads = CommonOptions.Threads();
    private static readonly Option<int?> _neighbours = CommonOptions.Positive(
        "--neighbour", "Measure beside so many busy processes of one thread each, every side at its best number of threads.");
    private static readonly Option<bool> _json = CommonOptions.Json();

    public static Command Create()
    {
        var bench = new ExampleCommand(
            "bench",
            "Measure a part against its peer, as a ratio; run it on an idle machine.",
            "./dpo bench generation --json",
            "./dpo bench trainer --json",
            "./dpo bench trainer --json --neighbour 1 --shape 48/48",
            "./dpo bench actors --json",
            "./dpo bench data --json",
            "./dpo bench judging --json",
            "./dpo bench blobs --json",
            "./dpo bench conversion --json",
            "./dpo bench page --json",
            "./dpo bench cluster --json",
            "./dpo bench campaigns --rounds 1000 --campaigns 1 --json",
            "./dpo bench scaling --output scaling.html",
            "./dpo bench fuzz --minutes 3 --json",
            "./dpo bench chaos --minutes 30 --json",
            "./dpo bench recovery --coordinators 3 --json",
            "./dpo bench ports --minutes 10 --json",
            "./dpo bench upgrade --other ../before/bin/Release/net10.0 --json")
        {
            Subcommand(
                "generation",
                "Sampling against a bare decode loop over the same batches.",
                [_threads, _neighbours],
                GenerationAsync),
            Trainer(),
            Loops(),
            OfSteps(
                "experts",
                "DPO steps of 8 experts of which 2 are used, against the dense model of their width together.",
                [],
                (parsed, shapes, modes, token) =>
                    PrintAsync(
                        parsed,
                        new ExpertsBenchmark(BenchWorkers.Trainer).Run(shapes, modes, token).ToAsyncEnumerable(),
                        results => new { results })),
            Scaling(),
            Fuzz(),
            ChaosCommands.Chaos(),
            ChaosCommands.Recovery(),
            ChaosCommands.Ports(),
            ChaosCommands.Upgrade(),
            Campaigns(),
            Subcommand(
                "actors",
                "Units of work through actors and journal against a plain loop, with engines that take no time.",
                [],
                ActorsAsync),
            Subcommand(
                "data",
                "Reading, tokenising and opening preference data of up to a million rows, with the memory it takes.",
                [_threads],
                Data),
            Subcommand(
                "judging",
                "What judging costs beside the judge, and 100,000 prompts through the verifier and the selection of pairs.",
                [_threads],
                JudgingAsync),
            Subcommand("cluster", "Generator nodes of known speed against one process, and rounds sampled ahead.", [], ClusterAsync),
            Subcommand(
                "conversion", "A gigabyte of safetensors to a GGUF and back, dense and of experts, against copying the file.", [],
                (_, token) => ConversionBenchmark.Run(token).ToAsyncEnumerable()),
            Subcommand(
                "page",
                "The page of 50 rounds and a million pairs: its first answer, searches in pairs, and what 100 readers cost sampling.",
                [_threads],
                PageAsync),
            Subcommand("blobs", "Artifacts fetched from another node, verified and durable, against a plain download.", [], Blobs),
        };
        foreach (var worker in BenchWorkers.Create())
        {
            bench.Add(worker);
        }
        return bench;
    }

    private static ExampleCommand Subcommand(
        string name,
        string description,
        IReadOnlyList<Option> options,
        Func<ParseResult, CancellationToken, IAsyncEnumerable<object>> measure)
    {
        string[] examples =
        [
            $"./dpo bench {name}",
            $"./dpo bench {name} --json{string.Concat(options.Select(option => $" {option.Name} 2"))}",
        ];
        var command = new ExampleCommand(name, description, examples) { _json };
        foreach (var option in options)
        {
            command.Add(option);
        }
        command.SetAction(async (parsed, token) =>
        {
            await PrintAsync(parsed, measure(parsed, token), results => new { results });
            return ExitCodes.Done;
        });
        return command;
    }

    private static ExampleCommand Trainer()
    {
        var command = OfSteps(
            "trainer",
            "DPO steps against the faster of eager PyTorch (bench/peers/torch_dpo_step.py) and eager LibTorch, each side at its best setting.",
            ["./dpo bench trainer --json --neighbour 1"],
            async (parsed, shapes, modes, token) =>
            {
                var script = Path.Combine(AppContext.BaseDirectory, "bench", "peers", "torch_dpo_step.py");
                var pytorch = TrainerSide.FindEagerPyTorch(script, Console.Error);
                var peak = StepTimer.MeasureProductPeak(threads: 2, TimeProvider.System);
                Console.Error.WriteLine($"matrix products: {peak / 1e9:F0} GFLOP/s at most");
                foreach (var other in shapes.Where(shape => shape.Family != TrainerShape.PeersFamily))
                {
                    Console.Error.WriteLine($"{other.Name}: the peer is eager LibTorch alone; the PyTorch script computes {TrainerShape.PeersFamily} only");
                }
                using var neighbours = Neighbours.Start(BenchWorkers.Neighbour, CountOfNeighbours(parsed));
                var benchmark = new TrainerBenchmark(
                    TrainerSide.Ours(BenchWorkers.Trainer),
                    pytorch,
                    TrainerSide.EagerLibTorch(BenchWorkers.Peer),
                    peak,
                    CountOfNeighbours(parsed));
                await PrintAsync(
                    parsed,
                    benchmark.Run(shapes, modes, token).ToAsyncEnumerable(),
                    results => new { matmulPeakGflops = peak / 1e9, results });
            });
        command.Add(_neighbours);
        return command;
    }

    private static ExampleCommand Loops() => OfSteps(
        "trainer-loops",
        "DPO steps with the trainer's own loops, against LibTorch's operations for norms, gates, attention, and all of them.",
        [],
        (parsed, shapes, modes, token) =>
            PrintAsync(
                parsed,
                new LoopsBenchmark(BenchWorkers.Trainer).Run(shapes, modes, token).ToAsyncEnumerable(),
                results => new { results }));

    /// <summary>A benchmark of optimiser steps, of some shapes and modes.</summary>
    private static ExampleCommand OfSteps(
        string name,
        string description,
        IReadOnlyList<string> examples,
        Func<ParseResult, IReadOnlyList<TrainerShape>, IReadOnlyList<string>, CancellationToken, Task> measure)
    {
        string[] modes = ["lora", "full"];
        string[] names = [.. TrainerShape.All.Select(known => known.Name)];
        var shape = new Option<string?>("--shape") { Description = $"One shape only: {string.Join(", ", names)}." }.AcceptOnlyFromAmong(
            names);
        var mode = new Option<string?>("--mode") { Description = "lora or full only." }.AcceptOnlyFromAmong(modes);
        var command = new ExampleCommand(
            name,
            description,
            [$"./dpo bench {name}", $"./dpo bench {name} --json --shape 48/48 --mode lora", .. examples])
        {
            shape,
            mode,
            _json,
        };
        command.SetAction(async (parsed, token) =>
        {
            await measure(
                parsed,
                [.. TrainerShape.All.Where(known => parsed.GetValue(shape) is not { } one || known.Name == one)],
                parsed.GetValue(mode) is { } only ? [only] : modes,
                token);
            return ExitCodes.Done;
        });
        return command;
    }

    private static ExampleCommand Scaling()
    {
        var output = new Option<FileInfo?>("--output") { Description = "An HTML page with the curves.", HelpName = "FILE" };
        var command = new ExampleCommand(
            "scaling", "Time and memory of a step as tokens, vocabulary, layers, pairs, experts and the base's type grow.",
            "./dpo bench scaling", "./dpo bench scaling --json --output scaling.html") { output, _json };
        command.SetAction(async (parsed, token) =>
        {
            var results = await PrintAsync(
                parsed,
                new ScalingBenchmark(BenchWorkers.Trainer).Run(token).ToAsyncEnumerable(),
                results => new { results });
            if (parsed.GetValue(output) is { } page)
            {
                ScalingPage.Write(results, page.FullName);
            }
            return ExitCodes.Done;
        });
        return command;
    }

    private static ExampleCommand Fuzz()
    {
        var minutes = CommonOptions.Positive("--minutes", "How long, all readers together; 3 if not given.");
        var seed = new Option<int>("--seed") { Description = "Of the changes.", HelpName = "N" };
        var reader = new Option<string?>("--reader") { Description = "One reader only.", HelpName = "NAME" };
        var input = new Option<long?>("--input") { Description = "One input only, by its number.", HelpName = "N" };
        var command = new ExampleCommand(
            "fuzz", "Damaged inputs for every reader of what others wrote: each must be taken or refused in words.",
            "./dpo bench fuzz --minutes 3 --seed 1 --json",
            "./dpo bench fuzz --reader rows --seed 1 --input 17")
        {
            minutes,
            seed,
            reader,
            input,
            _json,
        };
        command.SetAction(async parsed =>
        {
            var directory = Directory.CreateTempSubdirectory("dpo-fuzz-").FullName;
            await Console.Error.WriteLineAsync($"The input under way is in {directory}, and its number in under-way.");
            var all = ForeignReaders.Create(directory);
            ForeignReader[] chosen = [.. all.Where(known => parsed.GetValue(reader) is not { } one || known.Name == one)];
            if (chosen.Length == 0)
            {
                throw new UserInputException(
                    $"--reader {parsed.GetValue(reader)}: choose one of {string.Join(", ", all.Select(known => known.Name))}.");
            }
            var each = TimeSpan.FromMinutes(parsed.GetValue(minutes) ?? 3) / chosen.Length;
            var fuzzer = new Fuzzer(directory, parsed.GetValue(seed));
            var results = await PrintAsync(parsed, chosen.Select(one =>
            {
                var watch = Stopwatch.StartNew();
                return fuzzer.Run(
                    one,
                    parsed.GetValue(input) ?? 0,
                    done => parsed.GetValue(input) is null ? watch.Elapsed < each : done == 0);
            }).ToAsyncEnumerable(), results => new { results });
            if (results.Any(result => result.Findings.Count > 0))
            {
                return ExitCodes.Failed;
            }
            Directory.Delete(directory, recursive: true);
            return ExitCodes.Done;
        });
        return command;
    }

    private static ExampleCommand Campaigns()
    {
        var rounds = CommonOptions.Number("--rounds", "Of each campaign.", 100, 10, 10_000);
        var campaigns = CommonOptions.Number("--campaigns", "At once.", 8, 1, 1000);
        var workers = CommonOptions.Number("--workers", "Of all roles together.", 16, 5, 1000);
        var units = CommonOptions.Number("--units", "That a round is sampled in.", 8, 1, CampaignPlan.MostUnits);
        var command = new ExampleCommand(
            "campaigns",
            "Campaigns of many rounds at once on a coordinator, with workers that answer at once: speed, memory, journal, the largest message, and recovery.",
            "./dpo bench campaigns --rounds 1000 --campaigns 1 --json",
            "./dpo bench campaigns --rounds 20 --campaigns 50 --workers 16 --units 8")
        {
            rounds,
            campaigns,
            workers,
            units,
            _json,
        };
        command.SetAction(async (parsed, token) =>
        {
            var directory = Directory.CreateTempSubdirectory("dpo-bench-campaigns-");
            try
            {
                var benchmark = new CampaignsBenchmark(
                    directory.FullName,
                    parsed.GetValue(campaigns),
                    parsed.GetValue(rounds),
                    parsed.GetValue(workers),
                    parsed.GetValue(units));
                var result = await benchmark.RunAsync(tenth => Console.Error.WriteLine(tenth), token);
                if (parsed.GetValue(_json))
                {
                    CommonOptions.PrintJson(result);
                }
                else
                {
                    Console.WriteLine(result);
                }
            }
            finally
            {
                directory.Delete(recursive: true);
            }
            return ExitCodes.Done;
        });
        return command;
    }

    private static Task<IReadOnlyList<T>> PrintAsync<T>(
        ParseResult parsed,
        IAsyncEnumerable<T> measured,
        Func<IReadOnlyList<T>, object> document)
        where T : notnull => BenchmarkResults.CollectAsync(measured, Console.Error, results =>
        {
            if (parsed.GetValue(_json))
            {
                CommonOptions.PrintJson(document(results));
                return;
            }
            foreach (var result in results)
            {
                Console.WriteLine(result);
            }
        });

    private static int ThreadsOf(ParseResult parsed) => parsed.GetValue(_threads) ?? Environment.ProcessorCount;

    private static int CountOfNeighbours(ParseResult parsed) => parsed.GetValue(_neighbours) ?? 0;

    private static IAsyncEnumerable<object> PageAsync(ParseResult parsed, CancellationToken cancellationToken) =>
        PageBenchmark.RunAsync(new LlamaOptions(BundledFiles.SeedModel, ContextSize: 160, Threads: ThreadsOf(parsed)), cancellationToken);

    private static IAsyncEnumerable<object> JudgingAsync(ParseResult parsed, CancellationToken cancellationToken) =>
        JudgingBenchmark.RunAsync(BenchWorkers.Judging, ThreadsOf(parsed), cancellationToken);

    private static async IAsyncEnumerable<object> ClusterAsync(
        ParseResult parsed,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var directory = Directory.CreateTempSubdirectory("dpo-bench-cluster-");
        try
        {
            await foreach (var measured in new ClusterBenchmark(directory.FullName).RunAsync(cancellationToken))
            {
                yield return measured;
            }
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static IAsyncEnumerable<object> Blobs(ParseResult parsed, CancellationToken cancellationToken) =>
        BlobBenchmark.RunAsync(cancellationToken);

    private static IAsyncEnumerable<object> Data(ParseResult parsed, CancellationToken cancellationToken) =>
        DataBenchmark.Run(BundledFiles.SeedModel, ThreadsOf(parsed), cancellationToken).ToAsyncEnumerable();

    private static async IAsyncEnumerable<object> ActorsAsync(
        ParseResult parsed,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return await ActorsBenchmark.RunAsync(cancellationToken);
    }

    private static async IAsyncEnumerable<object> GenerationAsync(
        ParseResult parsed,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var neighbours = Neighbours.Start(BenchWorkers.Neighbour, CountOfNeighbours(parsed));
        // Beside a neighbour it is open whether a second thread helps, unless the user has said how many there are.
        int[] threads = parsed.GetValue(_threads) is null && CountOfNeighbours(parsed) > 0
            ? [.. new[] { 1, Environment.ProcessorCount }.Distinct()]
            : [ThreadsOf(parsed)];
        var model = new LlamaOptions(BundledFiles.SeedModel, ContextSize: 160);
        await foreach (var result in GenerationBenchmark.RunAsync(model, threads, CountOfNeighbours(parsed), cancellationToken))
        {
            yield return result;
        }
    }
}

using System.CommandLine;
using System.Globalization;
using IterativeDpo.Artifacts;
using IterativeDpo.Host.Benchmarks;

namespace IterativeDpo.Host.Commands;

/// <summary>
/// <c>dpo bench chaos</c>, <c>recovery</c>, <c>ports</c> and <c>upgrade</c>: a cluster of real processes on this machine, and what it makes
/// of faults.
/// </summary>
internal static class ChaosCommands
{
    private static readonly Option<string> _coordinators = CommonOptions.Choice(
        "--coordinators", "1 with its journal in a file, or 3 with one on PostgreSQL; 1 if not given.", "1", "3");

    private static readonly Option<string?> _journal = new("--journal")
    {
        Description = "An empty database for 3 coordinators; a server of its own if not given, where PostgreSQL's programs are.",
        HelpName = "postgres://…",
    };

    private static readonly Option<bool> _json = CommonOptions.Json();

    public static ExampleCommand Chaos()
    {
        var minutes = CommonOptions.Positive(
            "--minutes",
            "How long faults go on; 5 if not given. The quiet run afterwards takes as long at most.");
        var seed = new Option<int>("--seed") { Description = "Of the faults.", HelpName = "N" };
        var command = new ExampleCommand(
            "chaos",
            "A campaign on a cluster whose processes are killed, frozen, parted, drained and starved, against a quiet run: nothing may be lost, or counted twice.",
            "./dpo bench chaos --minutes 5 --seed 1 --json",
            "./dpo bench chaos --minutes 10 --coordinators 3") { minutes, seed, _coordinators, _journal, _json };
        command.SetAction((parsed, token) => WithClusterAsync(
            parsed,
            cluster =>
                new ChaosBenchmark(cluster, parsed.GetValue(seed)).RunAsync(
                    TimeSpan.FromMinutes(parsed.GetValue(minutes) ?? 5),
                    token),
            result => result.IsWell));
        return command;
    }

    public static ExampleCommand Recovery()
    {
        var times = CommonOptions.Positive("--times", "How often each is measured; 3 if not given.");
        var command = new ExampleCommand(
            "recovery",
            "How long a campaign stands still when a node of its cluster is killed, and how long draining takes: one fault at a time.",
            "./dpo bench recovery --json",
            "./dpo bench recovery --coordinators 3 --times 5 --json") { times, _coordinators, _journal, _json };
        command.SetAction((parsed, token) => WithClusterAsync(
            parsed, cluster => new RecoveryBenchmark(cluster).RunAsync(parsed.GetValue(times) ?? 3, token), _ => true));
        return command;
    }

    public static ExampleCommand Ports()
    {
        var minutes = CommonOptions.Positive("--minutes", "How long; 1 if not given.");
        var seed = new Option<int>("--seed") { Description = "Of what strangers say.", HelpName = "N" };
        var command = new ExampleCommand(
            "ports",
            "Garbage at both ports of nodes with and without certificates, while their campaigns go on: a stranger may get nothing, and stop nothing.",
            "./dpo bench ports --minutes 10 --seed 1 --json") { minutes, seed, _json };
        command.SetAction((parsed, token) => MeasureAsync(
            parsed,
            async directory =>
            {
                using var benchmark = new PortsBenchmark(BenchWorkers.Program, directory, parsed.GetValue(seed));
                return await benchmark.RunAsync(TimeSpan.FromMinutes(parsed.GetValue(minutes) ?? 1), token);
            },
            result => result.IsWell));
        return command;
    }

    public static ExampleCommand Upgrade()
    {
        var other = new Option<DirectoryInfo>("--other")
        {
            Description = "The folder of another build, with its dpo.dll.",
            HelpName = "DIR",
            Required = true,
        };
        var command = new ExampleCommand(
            "upgrade",
            "A campaign on a cluster that changes from another build to this one, node by node, and one node back, against a quiet run.",
            "./dpo bench upgrade --other ../before/bin/Release/net10.0 --json") { other, _json };
        command.SetAction((parsed, token) => MeasureAsync(
            parsed,
            async directory =>
            {
                var program = Path.Combine(parsed.GetRequiredValue(other).FullName, "dpo.dll");
                if (!File.Exists(program))
                {
                    throw new UserInputException($"--other: there is no {program}; name the folder that a build of the program is in.");
                }
                using var benchmark = new UpgradeBenchmark(BenchWorkers.Program, [.. BenchWorkers.Program[..^1], program], directory);
                return await benchmark.RunAsync(token);
            },
            result => result.IsWell));
        return command;
    }

    private static Task<int> WithClusterAsync<T>(ParseResult parsed, Func<ChaosCluster, Task<T>> measureAsync, Func<T, bool> isWell)
        where T : notnull
    {
        var shape = ShapeOf(parsed);
        return MeasureAsync(
            parsed,
            async directory =>
            {
                using var cluster = new ChaosCluster(new ChaosProgram(BenchWorkers.Program), directory, shape);
                return await measureAsync(cluster);
            },
            isWell);
    }

    /// <summary>Measures a cluster; the nodes' states and lines stay where it did not go well.</summary>
    private static async Task<int> MeasureAsync<T>(ParseResult parsed, Func<string, Task<T>> measureAsync, Func<T, bool> isWell)
        where T : notnull
    {
        var directory = Directory.CreateTempSubdirectory($"{ChaosLeftovers.Prefix}-chaos-").FullName;
        await Console.Error.WriteLineAsync($"Nodes' states and lines are in {directory}.");
        var result = await measureAsync(directory);
        if (parsed.GetValue(_json))
        {
            CommonOptions.PrintJson(result);
        }
        else
        {
            Console.WriteLine(result);
        }
        if (!isWell(result))
        {
            return ExitCodes.Failed;
        }
        Directory.Delete(directory, recursive: true);
        return ExitCodes.Done;
    }

    private static ChaosShape ShapeOf(ParseResult parsed)
    {
        var coordinators = int.Parse(parsed.GetValue(_coordinators) ?? "1", CultureInfo.InvariantCulture);
        if (parsed.GetValue(_journal) is not { } text)
        {
            return new(coordinators, null);
        }
        return coordinators == 1
            ? throw new UserInputException("--journal: a sole coordinator has its journal in a file; add --coordinators 3.")
            : new(
                coordinators,
                NodeCommand.JournalOf(text) ?? throw new UserInputException("--journal: write postgres://user:password@host:5432/database.")
            );
    }
}

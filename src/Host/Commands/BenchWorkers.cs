using System.CommandLine;
using IterativeDpo.Host.Benchmarks;

namespace IterativeDpo.Host.Commands;

/// <summary>
/// Hidden commands under <c>dpo bench</c>: what a benchmark runs in processes of their own, whose peak memory is then their own.
/// </summary>
internal static class BenchWorkers
{
    /// <summary>Command lines that arguments are put after.</summary>
    public static readonly string[] Trainer = LineOf("trainer-worker"),
        Peer = LineOf("trainer-peer"),
        Judging = LineOf("judging-worker"),
        Neighbour = LineOf("neighbour");

    /// <summary>The program itself.</summary>
    public static readonly string[] Program = Trainer[..^2];

    public static IEnumerable<Command> Create() =>
    [
        OfSteps(Trainer[^1], TrainerMeasurement.RunWorker),
        OfSteps(Peer[^1], TrainerMeasurement.RunPeer),
        JudgingWorker(),
        NeighbourWorker(),
    ];

    /// <summary>A side of the trainer benchmark.</summary>
    private static Command OfSteps(string name, Action<IReadOnlyList<string>, TextWriter> run)
    {
        var arguments = new Argument<string[]>("SHAPE") { Arity = ArgumentArity.OneOrMore };
        var command = new Command(name) { arguments };
        command.Hidden = true;
        command.SetAction(parsed => run(parsed.GetRequiredValue(arguments), Console.Out));
        return command;
    }

    /// <summary>One size of the judging benchmark.</summary>
    private static Command JudgingWorker()
    {
        var (prompts, threads) = (new Argument<int>("PROMPTS"), new Argument<int>("THREADS"));
        var command = new Command(Judging[^1]) { prompts, threads };
        command.Hidden = true;
        command.SetAction(
            (parsed, token) => JudgingBenchmark.RunWorkerAsync(parsed.GetValue(prompts), parsed.GetValue(threads), Console.Out, token));
        return command;
    }

    private static Command NeighbourWorker()
    {
        var command = new Command(Neighbour[^1]) { Hidden = true };
        command.SetAction(_ => Neighbours.RunWorker(Console.In, Console.Out));
        return command;
    }

    private static string[] LineOf(string name) => ["dotnet", "exec", typeof(BenchWorkers).Assembly.Location, "bench", name];
}

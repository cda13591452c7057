using System.CommandLine;
using IterativeDpo.Generation.Llama;
using IterativeDpo.Host.Benchmarks;

namespace IterativeDpo.Host.Commands;

/// <summary><c>dpo bench</c>: our speed as a ratio to a peer, both measured in one run on an idle machine.</summary>
public static class BenchCommand
{
    private static readonly Option<int?> _threads = CommonOptions.Threads();
    private static readonly Option<bool> _json = CommonOptions.Json();

    public static Command Create()
    {
        var bench = new ExampleCommand(
            "bench",
            "Measure a part against its peer, as a ratio; run it on an idle machine.",
            "./dpo bench generation --json",
            "./dpo bench trainer --json",
            "./dpo bench actors --json")
        {
            Subcommand("generation", "Sampling against a bare decode loop over the same batches.", GenerationAsync),
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

    private static async Task<IReadOnlyList<object>> GenerationAsync(int threads, CancellationToken cancellationToken) =>
        [await GenerationBenchmark.RunAsync(new LlamaOptions(BundledFiles.SeedModel, ContextSize: 160, Threads: threads), cancellationToken: cancellationToken)];
}

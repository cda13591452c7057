using IterativeDpo.Actors;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Judging.Verifier;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>What actors, journal and recovery cost per unit of work, engines that take no time given.</summary>
/// <param name="Units">Units of work in the campaign.</param>
/// <param name="MillisecondsPerUnit">From the first event to the last, by unit.</param>
/// <param name="EventsPerSecond">Events journalled, each on the disk before it counts.</param>
/// <param name="PlainMillisecondsPerUnit">A loop that makes and stores the same samples, judgements and pairs one after the other.</param>
/// <param name="Ratio">Time of the loop over that of the campaign.</param>
public sealed record ActorsBenchmarkResult(
    int Units, double MillisecondsPerUnit, double EventsPerSecond, double PlainMillisecondsPerUnit, double Ratio);

/// <summary>Runs a campaign with instant engines through the real actors, journal and store, and then its work as a plain loop.</summary>
public static class ActorsBenchmark
{
    private const int Rounds = 4;
    private const int UnitPrompts = 32;
    private const int PromptsPerRound = 512;

    public static async Task<ActorsBenchmarkResult> RunAsync(CancellationToken cancellationToken)
    {
        var directory = Directory.CreateTempSubdirectory("dpo-bench");
        try
        {
            var configuration = Configure(directory.FullName);
            var engines = new CampaignEngines(() => new InstantGenerator(), () => new InstantTrainer(), _ => new VerifierJudge());
            var outcome = await CampaignRunner
                .RunAsync(configuration, Path.Combine(directory.FullName, "state"), engines, null, TimeProvider.System, cancellationToken)
                .ConfigureAwait(false);
            var seconds = (outcome.State.LastEventAt - outcome.State.StartedAt).TotalSeconds;
            var units = CampaignReader.ReadWhole(Path.Combine(directory.FullName, "state"))!.Rounds.Sum(round => round.Results.Count());
            // Beside the units: the campaign's and every round's beginning and end.
            var events = units + 2 + (2 * outcome.State.Rounds.Count);
            using var generator = new InstantGenerator();
            var plain = await new PlainLoop(configuration.Options, new ArtifactStore(Path.Combine(directory.FullName, "plain")), generator)
                .RunAsync(cancellationToken).ConfigureAwait(false);
            return new ActorsBenchmarkResult(units, 1000 * seconds / units, events / seconds, 1000 * plain / units, plain / seconds);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static CampaignConfiguration Configure(string directory)
    {
        var path = Path.Combine(directory, "bench.conf");
        File.WriteAllText(
            path,
            $$"""
            campaign {
              name = bench
              model = "{{BundledFiles.SeedModel.Replace("\\", "\\\\", StringComparison.Ordinal)}}"
              rounds = {{Rounds}}
              prompts.per-round = {{PromptsPerRound}}
              evaluation.prompts-per-task = 16
              work.prompts-per-unit = {{UnitPrompts}}
            }
            """);
        return CampaignConfiguration.Load(path);
    }
}

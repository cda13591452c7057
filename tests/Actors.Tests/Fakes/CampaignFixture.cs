using IterativeDpo.Actors.Configuration;

namespace IterativeDpo.Actors.Tests.Fakes;

/// <summary>A small campaign on fakes in a directory of its own: 2 rounds of 6 prompts, 4 samples each, in units of 4 prompts.</summary>
internal sealed class CampaignFixture : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("campaign");

    public CampaignFixture()
    {
        File.WriteAllText(Path.Combine(_directory.FullName, "model.gguf"), "a model");
        Configuration = Configure("");
        Engines = new CampaignEngines(() => new FakeGenerator(Log), () => new FakeTrainer(Log), () => new FakeJudge(Log));
    }

    public FakeLog Log { get; } = new();

    public CampaignConfiguration Configuration { get; set; }

    public CampaignEngines Engines { get; set; }

    public string StatePath => Path.Combine(_directory.FullName, "state");

    /// <summary>The campaign's settings with these on top.</summary>
    public CampaignConfiguration Configure(string settings)
    {
        var path = Path.Combine(_directory.FullName, "campaign.conf");
        File.WriteAllText(
            path,
            $$"""
            campaign {
              name = test
              model = model.gguf
              rounds = 2
              prompts { tasks = [add, sub], per-round = 6 }
              generation.samples-per-prompt = 4
              evaluation.prompts-per-task = 3
              work { prompts-per-unit = 4, retries = 2 }
              judging.retries = 1
            }
            {{settings}}
            """);
        return CampaignConfiguration.Load(path);
    }

    public Task<CampaignOutcome> RunAsync(IProgress<CampaignProgress>? progress = null, CancellationToken cancellationToken = default) =>
        CampaignRunner.RunAsync(Configuration, StatePath, Engines, progress, TimeProvider.System, cancellationToken);

    public void Dispose() => _directory.Delete(recursive: true);
}

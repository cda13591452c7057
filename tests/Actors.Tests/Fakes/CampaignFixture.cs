using IterativeDpo.Actors.Workers;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;

namespace IterativeDpo.Actors.Tests.Fakes;

/// <summary>A small campaign on fakes in a directory of its own: 2 rounds of 6 prompts, 4 samples each, in units of 4 prompts.</summary>
internal sealed class CampaignFixture : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("campaign");

    public CampaignFixture()
    {
        StatePath = Path.Combine(_directory.FullName, "state");
        WriteModel(Path.Combine(_directory.FullName, "model.gguf"));
        Configuration = Configure("");
        Engines = new CampaignEngines(() => new FakeGenerator(Log), () => new FakeTrainer(Log), _ => new FakeJudge(Log));
    }

    public FakeLog Log { get; } = new();

    public CampaignConfiguration Configuration { get; set; }

    public CampaignEngines Engines { get; set; }

    public string StatePath { get; set; }

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

    /// <summary>What a worker of this campaign works with.</summary>
    public WorkerContext WorkerContext() => new(
        Configuration.Options,
        Engines,
        new CampaignPrompts(Configuration.Options),
        new ArtifactStore(Path.Combine(StatePath, "artifacts")),
        Digest.Of([]),
        Configuration.Options.Judging.Judge,
        Path.Combine(StatePath, "work"),
        TimeProvider.System);

    public Task<CampaignOutcome> RunAsync(
        IProgress<CampaignProgress>? progress = null,
        CampaignControl? control = null,
        CancellationToken cancellationToken = default
    ) => CampaignRunner.RunAsync(Configuration, StatePath, Engines, progress, TimeProvider.System, cancellationToken, control);

    public void Dispose() => _directory.Delete(recursive: true);

    /// <summary>A model of the right form, for the checks before a campaign; the fakes do not load it.</summary>
    private static void WriteModel(string path)
    {
        var config = new ModelConfig(
            ModelArchitecture.Named("llama"), Layers: 1, Dim: 32, Heads: 2, KvHeads: 1, HeadDim: 16, FeedForwardDim: 32,
            RmsEps: 1e-5f, RopeBase: 1000, RopeDim: 16, ContextLength: 128, ByteVocabulary.Size, TiedEmbeddings: true);
        var lengths = config.ListTensors().ToDictionary(tensor => tensor.Name, tensor => tensor.Shape.Aggregate(1, (a, b) => a * b));
        ModelWriter.Write(path, "fake", config, name => new float[lengths[name]], TensorType.F32);
    }
}

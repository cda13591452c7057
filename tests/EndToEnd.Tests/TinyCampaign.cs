using IterativeDpo.Actors;
using IterativeDpo.Campaigns;

namespace IterativeDpo.EndToEnd.Tests;

/// <summary>A campaign of a few seconds in a directory of its own, on the bundled seed policy.</summary>
public sealed class TinyCampaign : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("dpo-e2e-");

    public TinyCampaign(string name = "tiny", string extra = "")
    {
        var model = Path.Combine(AppContext.BaseDirectory, "models", "seed.gguf");
        File.WriteAllText(ConfPath, $$"""
            campaign {
              name = {{name}}
              model = "{{model}}"
              rounds = 2
              threads = 1
              prompts { tasks = [reverse, capitals, sort-numbers], per-round = 48 }
              generation { samples-per-prompt = 4, max-tokens = 24, context-tokens = 128, sequences = 16 }
              training { loss.type = [sigmoid, sft], learning-rate = 1.0e-3, warmup-steps = 1, batch-pairs = 4, max-length = 128, checkpoint-steps = 1 }
              evaluation { prompts-per-task = 8, max-tokens = 24, rollback-points = 100 }
              work.prompts-per-unit = 8
              {{extra}}
            }
            """);
    }

    public string Root => _directory.FullName;

    public string ConfPath => Path.Combine(Root, "tiny.conf");

    public string StatePath => Path.Combine(Root, "state");

    public DpoProcess Start(params string[] more) => DpoProcess.Start(["run", ConfPath, "--state", StatePath, .. more]);

    public DpoProcess Run(params string[] more) => DpoProcess.Run(["run", ConfPath, "--state", StatePath, .. more]);

    /// <summary>What the journal says now, all of it.</summary>
    public CampaignState ReadState() => CampaignReader.ReadWhole(StatePath)!;

    /// <summary>The stored artifacts and when each was written.</summary>
    public Dictionary<string, DateTime> Artifacts()
    {
        var store = new DirectoryInfo(Path.Combine(StatePath, "artifacts"));
        return store.Exists
            ? store.EnumerateFiles("*", SearchOption.AllDirectories)
                .Where(file => file.Name.Length == 64)
                .ToDictionary(file => file.Name, file => file.LastWriteTimeUtc)
            : [];
    }

    public void Dispose() => _directory.Delete(recursive: true);
}

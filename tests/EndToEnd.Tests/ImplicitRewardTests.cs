using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Adapters;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Judging;

namespace IterativeDpo.EndToEnd.Tests;

/// <summary>
/// A campaign on the seed policy whose samples are judged by an adapter's implicit reward and whose answers are graded by their checks.
/// </summary>
public sealed class ImplicitRewardTests
{
    private const string Judges = """
        judging { judge = own, judges { own { type = implicit-reward, policy = own.gguf, beta = 2, length-normalised = on } } }
        evaluation.judge = verifier
        """;

    [Fact]
    public void Run_withAnAdapterAsTheJudge_makesPairsAndTrains()
    {
        using var campaign = new TinyCampaign(extra: Judges);
        var model = Path.Combine(AppContext.BaseDirectory, "models", "seed.gguf");
        WriteAdapter(Path.Combine(campaign.Root, "own.gguf"), model, Digest.OfFile(model));

        using var process = campaign.Run("--json", "--rounds", "1");

        Assert.True(process.ExitCode == 0, process.Errors);
        var round = Assert.Single(process.Json.GetProperty("rounds").EnumerateArray());
        Assert.True(round.GetProperty("pairs").GetInt32() > 0);
        Assert.True(round.GetProperty("train").GetProperty("steps").GetInt32() > 0);
        Assert.InRange(process.Json.GetProperty("baseline").GetProperty("heldout_accuracy").GetDouble(), 0, 1);
        AssertVerdicts(campaign);
    }

    [Fact]
    public void Run_withAnAdapterOfAnotherBase_isRefusedBeforeAnythingIsSampled()
    {
        using var campaign = new TinyCampaign(extra: Judges);
        var model = Path.Combine(AppContext.BaseDirectory, "models", "seed.gguf");
        WriteAdapter(Path.Combine(campaign.Root, "own.gguf"), model, Digest.Of([1]));

        using var process = campaign.Run();

        Assert.Equal(2, process.ExitCode);
        Assert.Contains("own.gguf: this adapter belongs to another base model", process.Errors, StringComparison.Ordinal);
        Assert.Empty(campaign.Artifacts());
    }

    /// <summary>Each verdict has a finite score for every sample and a comparison for every two.</summary>
    private static void AssertVerdicts(TinyCampaign campaign)
    {
        var verdicts = campaign.Artifacts().Keys
            .Select(name => Path.Combine(campaign.StatePath, "artifacts", name[..2], name))
            .Where(path => File.ReadLines(path).FirstOrDefault()?.Contains("\"judgements\"", StringComparison.Ordinal) is true)
            .SelectMany(path =>
            {
                using var stream = File.OpenRead(path);
                return VerdictFile.Read(stream, path).ToArray();
            }).ToArray();
        verdicts = [.. verdicts.Where(prompt => prompt.Verdict!.Comparisons is not null)];
        Assert.Equal(48, verdicts.Length);
        Assert.All(verdicts, prompt =>
        {
            Assert.Equal(4, prompt.Verdict!.Judgements.Count(judgement => double.IsFinite(judgement.Score!.Value)));
            Assert.Equal(6, prompt.Verdict.Comparisons!.Count);
        });
    }

    private static void WriteAdapter(string path, string model, Digest baseDigest)
    {
        using var file = GgufFile.Open(model);
        var config = ModelConfig.Read(file);
        var random = new Random(1);
        float[] Values(int count) => [.. Enumerable.Range(0, count).Select(_ => 0.1f * (random.NextSingle() - 0.5f))];
        var maps = config.ListBlockMaps().Select(map => new LoraMap(map.Name, Values(2 * map.Shape[1]), Values(map.Shape[0] * 2)));
        new LoraAdapter(2, 4, new(baseDigest, null, "tests", 1, "{}"), [.. maps]).Write(path, config);
    }
}

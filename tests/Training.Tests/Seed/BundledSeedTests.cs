using System.Text.Json;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Training.Seed;

namespace IterativeDpo.Training.Tests.Seed;

/// <summary>The model under <c>models/</c> is the one that its recipe describes, and the recipe is the default one.</summary>
public class BundledSeedTests
{
    private static readonly string Models = FindModels();
    private static readonly JsonElement Recipe = JsonElement.Parse(File.ReadAllText(Path.Combine(Models, "seed.json")));

    [Fact]
    public void Model_committed_hasTheDigestOfItsRecipe() =>
        Assert.Equal(Recipe.GetProperty("sha256").GetString(), Digest.OfFile(Path.Combine(Models, "seed.gguf")).Hex);

    [Fact]
    public void Model_committed_hasTheShapeThatTheSeedCommandMakes()
    {
        using var file = GgufFile.Open(Path.Combine(Models, "seed.gguf"));

        Assert.Equal(SeedModel.Config, ModelConfig.Read(file));
    }

    [Fact]
    public void Recipe_committed_isTheDefault() =>
        Assert.Equal(new SeedOptions("seed.gguf"), Recipe.GetProperty("options").Deserialize<SeedOptions>(SeedRecipe.Json));

    [Fact]
    public void Recipe_committed_leavesRoomForPreferenceTraining()
    {
        Assert.Equal(1200, Recipe.GetProperty("held_out_prompts").GetInt32());
        Assert.InRange(Recipe.GetProperty("held_out_accuracy").GetDouble(), 0.35, 0.6);
    }

    private static string FindModels()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "IterativeDpo.sln")))
        {
            directory = directory.Parent!;
        }
        return Path.Combine(directory.FullName, "models");
    }
}

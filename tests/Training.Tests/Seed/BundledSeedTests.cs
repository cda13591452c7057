using System.Text.Json;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Training.Seed;

namespace IterativeDpo.Training.Tests.Seed;

/// <summary>The models under <c>models/</c> are those that their recipes describe, and the recipes are those of the seed command.</summary>
public class BundledSeedTests
{
    private static readonly string Models = FindModels();

    [Theory]
    [InlineData("seed")]
    [InlineData("open")]
    public void Model_committed_hasTheDigestOfItsRecipe(string model) =>
        Assert.Equal(Recipe(model).GetProperty("sha256").GetString(), Digest.OfFile(Path.Combine(Models, $"{model}.gguf")).Hex);

    [Theory]
    [InlineData("seed")]
    [InlineData("open")]
    public void Model_committed_hasTheShapeThatTheSeedCommandMakes(string model)
    {
        using var file = GgufFile.Open(Path.Combine(Models, $"{model}.gguf"));

        Assert.Equal(SeedModel.Config, ModelConfig.Read(file));
    }

    [Fact]
    public void Recipe_committed_isTheCommands()
    {
        Assert.Equal(new SeedOptions("seed.gguf"), Options("seed"));
        Assert.Equal(SeedOptions.Open("open.gguf"), Options("open"));
    }

    [Theory]
    [InlineData("seed", 1200)]
    [InlineData("open", 600)]
    public void Recipe_committed_leavesRoomForPreferenceTraining(string model, int prompts)
    {
        Assert.Equal(prompts, Recipe(model).GetProperty("held_out_prompts").GetInt32());
        Assert.InRange(Recipe(model).GetProperty("held_out_accuracy").GetDouble(), 0.35, 0.6);
    }

    private static JsonElement Recipe(string model) => JsonElement.Parse(File.ReadAllText(Path.Combine(Models, $"{model}.json")));

    private static SeedOptions? Options(string model) => Recipe(model).GetProperty("options").Deserialize<SeedOptions>(SeedRecipe.Json);

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

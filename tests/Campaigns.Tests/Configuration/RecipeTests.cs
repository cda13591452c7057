using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns.Configuration;

namespace IterativeDpo.Campaigns.Tests.Configuration;

public sealed class RecipeTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("recipes");

    public static TheoryData<string> Recipes =>
        [
            .. Directory
                .EnumerateFiles(Path.Combine(CampaignConfiguration.ShippedDirectory, "recipes"))
                .Select(path => Path.GetFileName(path))
                .Order(),
        ];

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [MemberData(nameof(Recipes))]
    public void Include_ofARecipe_makesACampaignWithANameAndAModel(string recipe) =>
        Assert.Equal("mine", Load($$"""
            include "recipes/{{recipe}}"
            campaign { name = mine, model = model.gguf, prompts.file = prompts.jsonl }
            """).Name);

    [Fact]
    public void Include_ofARecipe_isUnderWhatTheFileItselfSays()
    {
        var options = Load("""
            include "recipes/simpo.conf"
            campaign { name = mine, model = model.gguf, training.loss.beta = 2.5 }
            """);

        Assert.Equal(2.5, options.Training.Loss.Beta, 6);
        Assert.Equal(ReferenceOrigin.None, options.Policy.Reference);
    }

    [Fact]
    public void Include_ofAFileBesideTheCampaign_isThatOne()
    {
        Directory.CreateDirectory(Path.Combine(_directory.FullName, "recipes"));
        File.WriteAllText(Path.Combine(_directory.FullName, "recipes", "simpo.conf"), "campaign.rounds = 7");

        Assert.Equal(7, Load("""
            include "recipes/simpo.conf"
            campaign { name = mine, model = model.gguf }
            """).Rounds);
    }

    [Fact]
    public void Include_ofAnotherFileThatTheProgramHas_isNoneOfThese()
    {
        var error = Assert.Throws<UserInputException>(() => Load("""
            include "reference.conf"
            campaign { name = mine, model = model.gguf }
            """));

        Assert.Contains(Path.Combine(_directory.FullName, "reference.conf"), error.Message);
    }

    private CampaignOptions Load(string text)
    {
        var path = Path.Combine(_directory.FullName, "mine.conf");
        File.WriteAllText(path, text);
        return CampaignConfiguration.Load(path).Options;
    }
}

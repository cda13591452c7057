using IterativeDpo.Campaigns.Configuration;

namespace IterativeDpo.Campaigns.Tests.Configuration;

/// <summary>The files of <c>hocon/campaigns</c>.</summary>
public class BundledCampaignsTests
{
    private static readonly string Campaigns = FindCampaigns();

    public static TheoryData<string> Files => [.. Directory.GetFiles(Campaigns).Select(path => Path.GetFileName(path))];

    [Theory]
    [MemberData(nameof(Files))]
    public void Load_bundledCampaign_namesAModelThatIsThere(string file) => Assert.True(File.Exists(Load(file).ModelPath));

    // What the comparison says rests on this: the arms differ in what they learn from, and in nothing else. Imitation has no reference.
    [Fact]
    public void Load_controlsOfPreferences_differInLossAndPromptsAlone()
    {
        var preferences = Load("preferences.conf");
        var imitation = preferences with
        {
            Name = "preferences-rft",
            Policy = preferences.Policy with { Reference = ReferenceOrigin.None },
            Training = preferences.Training with { Loss = preferences.Training.Loss with { Losses = [new("sft")] } },
        };

        AssertSame(imitation, Load("preferences-rft.conf"));
        AssertSame(
            imitation with { Name = "preferences-rft-twice", Prompts = imitation.Prompts with { PerRound = 2 * preferences.Prompts.PerRound } },
            Load("preferences-rft-twice.conf"));
    }

    private static void AssertSame(CampaignOptions expected, CampaignOptions actual) => Assert.Equal(OptionsJson.Write(expected), OptionsJson.Write(actual));

    private static CampaignOptions Load(string file) => CampaignConfiguration.Load(Path.Combine(Campaigns, file)).Options;

    private static string FindCampaigns()
    {
        var directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "IterativeDpo.sln")))
        {
            directory = Path.GetDirectoryName(directory)!;
        }
        return Path.Combine(directory, "hocon", "campaigns");
    }
}

using IterativeDpo.Campaigns.Configuration;

namespace IterativeDpo.Campaigns.Tests.Configuration;

/// <summary>The files of <c>hocon/campaigns</c>.</summary>
public sealed class BundledCampaignsTests : IDisposable
{
    private static readonly string Campaigns = FindCampaigns();

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("dpo-bundled-");

    public static TheoryData<string> Files => [.. Directory.GetFiles(Campaigns).Select(path => Path.GetFileName(path))];

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [MemberData(nameof(Files))]
    public void Load_bundledCampaign_namesAModelThatIsThere(string file)
    {
        var arms = CampaignConfiguration.ArmsIn(Path.Combine(Campaigns, file));

        Assert.True(File.Exists(Load(file, arms.Count == 0 ? null : arms[0]).ModelPath));
    }

    // What the comparison says rests on this: the arms differ in what they learn from, and in nothing else. Imitation has no reference.
    [Fact]
    public void Load_controlsOfPreferences_differInLossAndPromptsAlone()
    {
        var preferences = Load("preferences.conf", "dpo");
        var imitation = preferences with
        {
            Name = "preferences-rft",
            Policy = preferences.Policy with { Reference = ReferenceOrigin.None },
            Training = preferences.Training with { Loss = preferences.Training.Loss with { Losses = [new("sft")] } },
        };

        AssertSame(imitation, Load("preferences.conf", "rft"));
        AssertSame(
            imitation with
            {
                Name = "preferences-rft-twice",
                Prompts = imitation.Prompts with { PerRound = 2 * preferences.Prompts.PerRound },
            },
            Load("preferences.conf", "rft-twice"));
    }

    [Fact]
    public void Load_controlOfTheQuickstart_differsInItsLossAlone()
    {
        var quickstart = Load("quickstart.conf", null);

        Assert.Equal(["rft", "dpo"], CampaignConfiguration.ArmsIn(Path.Combine(Campaigns, "quickstart-compare.conf")));
        AssertSame(quickstart with { Name = "quickstart-dpo" }, Load("quickstart-compare.conf", "dpo"));
        AssertSame(
            quickstart with
            {
                Name = "quickstart-rft",
                Policy = quickstart.Policy with { Reference = ReferenceOrigin.None },
                Training = quickstart.Training with { Loss = quickstart.Training.Loss with { Losses = [new("sft")] } },
            },
            Load("quickstart-compare.conf", "rft"));
    }

    private static void AssertSame(CampaignOptions expected, CampaignOptions actual) =>
        Assert.Equal(OptionsJson.Write(expected), OptionsJson.Write(actual));

    /// <param name="arm">Null where the file is one campaign.</param>
    private CampaignOptions Load(string file, string? arm)
    {
        var path = Path.Combine(Campaigns, file);
        if (arm is not null)
        {
            var ofArm = Path.Combine(_directory.FullName, $"{arm}.conf");
            File.WriteAllText(ofArm, CampaignConfiguration.FileOfArm(path, arm, []));
            path = ofArm;
        }
        return CampaignConfiguration.Load(path).Options;
    }

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

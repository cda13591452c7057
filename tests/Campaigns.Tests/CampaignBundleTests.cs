using System.Text.Json;
using IterativeDpo.Campaigns.Configuration;

namespace IterativeDpo.Campaigns.Tests;

public sealed class CampaignBundleTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("bundle");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void OptionsWith_afterATripAsBytes_areThoseOfTheCampaignWithTheFilesElsewhere()
    {
        var options = Options("");
        var bundle = CampaignBundle.Parse(Bundle(options).ToJson());
        string[] elsewhere = [.. bundle.Files.Select(file => $"/elsewhere/{file.Name}")];

        var there = bundle.OptionsWith(elsewhere, threads: 3);

        Assert.Equal(["model.gguf", "prompts.jsonl"], bundle.Files.Select(file => file.Name));
        Assert.Equal([true, false], bundle.Files.Select(file => file.IsModel));
        Assert.Equal(
            ("/elsewhere/model.gguf", "/elsewhere/prompts.jsonl", 3, 3),
            (there.ModelPath, there.Prompts.File, there.Threads, there.Training.Threads));
        Assert.Equal(
            OptionsJson.Write(options with { Threads = 0, Training = options.Training with { Threads = 0 } }),
            OptionsJson.Write(bundle.OptionsWith([.. bundle.Files.Select(file => file.Path)], 0)));
    }

    /// <summary>Nodes of an older version refuse settings that they do not know, and a secret is nobody's business.</summary>
    [Fact]
    public void Of_aCampaignWithNotices_saysNothingOfThem() => Assert.DoesNotContain(
        "notices",
        System.Text.Encoding.UTF8.GetString(Bundle(Options("campaign.notices.webhook = \"https://example.org/T0KEN\"")).ToJson()),
        StringComparison.Ordinal);

    [Fact]
    public void Parse_ofANewerFormat_saysToUpdateTheNode()
    {
        var json = (Bundle(Options("")) with { Format = 2 }).ToJson();

        Assert.Contains(
            "update this node",
            Assert.Throws<JsonException>(() => CampaignBundle.Parse(json)).Message,
            StringComparison.Ordinal);
    }

    /// <summary>Names of files and folders on every node are made of these.</summary>
    [Theory]
    [InlineData("../../up.jsonl")]
    [InlineData("/etc/passwd")]
    [InlineData("..")]
    [InlineData("")]
    public void Parse_ofAFileNameWithAPathInIt_isRefused(string name)
    {
        var bundle = Bundle(Options(""));
        var json = (bundle with { Files = [bundle.Files[0] with { Name = name }] }).ToJson();

        Assert.Throws<JsonException>(() => CampaignBundle.Parse(json));
    }

    [Theory]
    [InlineData("../other")]
    [InlineData("a\n")]
    public void Parse_ofACampaignThatMayNotBeCalledSo_isRefused(string name)
    {
        var bundle = Bundle(Options("") with { Name = name });

        Assert.Throws<JsonException>(() => CampaignBundle.Parse((bundle with { Plan = bundle.Plan with { Campaign = name } }).ToJson()));
    }

    [Fact]
    public void Parse_ofSettingsOfAnotherCampaign_isRefused() =>
        Assert.Throws<JsonException>(() => CampaignBundle.Parse(Bundle(Options("") with { Name = "other" }).ToJson()));

    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("""{"format":1}""")]
    public void Parse_ofWhatIsNone_isRefused(string json) =>
        Assert.Throws<JsonException>(() => CampaignBundle.Parse(System.Text.Encoding.UTF8.GetBytes(json)));

    /// <summary>Left out without a word, the work would be done by other settings than the campaign's.</summary>
    [Fact]
    public void Parse_ofASettingThatOnlyANewerVersionKnows_saysToUpdateTheNode()
    {
        var bundle = Bundle(Options(""));
        bundle.Settings["training"]!["later"] = 1;

        var error = Assert.Throws<JsonException>(() => CampaignBundle.Parse(bundle.ToJson()));

        Assert.Contains("update this node", error.Message, StringComparison.Ordinal);
        Assert.Contains("later", error.Message, StringComparison.Ordinal);
    }

    public static TheoryData<CampaignPlan> PlansOfNone =>
    [
        CampaignSimulator.Plan with { Rounds = 0 },
        CampaignSimulator.Plan with { Prompts = -1 },
        CampaignSimulator.Plan with { UnitPrompts = 0 },
        CampaignSimulator.Plan with { HeldOutPrompts = 0 },
        CampaignSimulator.Plan with { MaxAttempts = 0 },
        CampaignSimulator.Plan with { Staleness = -1 },
        CampaignSimulator.Plan with { Prompts = int.MaxValue, UnitPrompts = 1 },
        CampaignSimulator.Plan with { Prompts = int.MaxValue, UnitPrompts = int.MaxValue },
    ];

    [Theory]
    [MemberData(nameof(PlansOfNone))]
    public void Parse_ofAPlanThatCanTakeNoStep_isRefused(CampaignPlan plan) =>
        Assert.Throws<JsonException>(() => CampaignBundle.Parse((Bundle(Options("")) with { Plan = plan }).ToJson()));

    [Theory]
    [InlineData("\0file 7")]
    [InlineData("\0file -1")]
    [InlineData("\0file x")]
    public void Parse_ofSettingsThatNameAFileWhichIsNotThere_isRefused(string model)
    {
        var bundle = Bundle(Options(""));
        bundle.Settings["model-path"] = model;

        Assert.Throws<JsonException>(() => CampaignBundle.Parse(bundle.ToJson()));
    }

    private static CampaignBundle Bundle(CampaignOptions options) =>
        CampaignBundle.Of(options, CampaignSimulator.Plan, CampaignSimulator.Named("model"), "verifier", CampaignSimulator.Named);

    private CampaignOptions Options(string settings)
    {
        foreach (var name in new[] { "model.gguf", "prompts.jsonl" })
        {
            File.WriteAllText(Path.Combine(_directory.FullName, name), name);
        }
        var path = Path.Combine(_directory.FullName, "campaign.conf");
        File.WriteAllText(path, $"campaign {{ name = test, model = model.gguf, prompts.file = prompts.jsonl }}\n{settings}");
        return CampaignConfiguration.Load(path).Options;
    }
}

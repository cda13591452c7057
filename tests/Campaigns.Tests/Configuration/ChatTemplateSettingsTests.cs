using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Settings;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Generation;

namespace IterativeDpo.Campaigns.Tests.Configuration;

public sealed class ChatTemplateSettingsTests : IDisposable
{
    private readonly ConfigurationFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public void Load_nothingSet_isNothing()
    {
        var options = _files.Load().Options;

        Assert.Null(options.ChatTemplate);
        Assert.Null(options.Judging.ChatTemplate);
    }

    [Fact]
    public void Load_whatIsSet_isThereAndStored()
    {
        var configuration = _files.Load("""
            campaign.chat-template { name = tool_use, kwargs = "{\"enable_thinking\": false}", time = 2026-03-07 }
            campaign.judging.chat-template.kwargs = "{}"
            """);

        Assert.Equal(new ChatTemplateOptions("tool_use", "{\"enable_thinking\": false}", "2026-03-07"), configuration.Options.ChatTemplate);
        Assert.Equal(new ChatTemplateOptions(Kwargs: "{}"), configuration.Options.Judging.ChatTemplate);
        Assert.Equal(configuration.Options.ChatTemplate, OptionsJson.Read(configuration.Json).ChatTemplate);
    }

    [Theory]
    [InlineData("campaign.chat-template.kwargs = \"{}\"")]
    [InlineData("campaign.chat-template.name = rag")]
    [InlineData("campaign.chat-template.time = 2026-03-07")]
    [InlineData("campaign.judging.chat-template.kwargs = \"{}\"")]
    public void Identity_changesWithWhatIsSet(string setting) => Assert.NotEqual(_files.Load().Identity, _files.Load(setting).Identity);

    [Fact]
    public void Identity_staysWhenTheCampaignsBeginningIsFilledIn()
    {
        var configuration = _files.Load();
        var began = new ChatTemplateOptions(Began: new DateTimeOffset(2026, 3, 7, 15, 4, 5, TimeSpan.Zero));
        var filled = configuration with
        {
            Options = configuration.Options with
            {
                ChatTemplate = began,
                Judging = configuration.Options.Judging with { ChatTemplate = began },
            },
        };

        Assert.Equal(configuration.Identity, filled.Identity);
        Assert.Empty(OptionsJson.Differences(configuration.Options, filled.Options));
        Assert.Equal(began, OptionsJson.Read(OptionsJson.Write(filled.Options)).ChatTemplate);
    }

    [Theory]
    [InlineData("kwargs = \"[]\"", "it must be a JSON object, such as {\"enable_thinking\": false}")]
    [InlineData("kwargs = \"{x\"", "it must be a JSON object, such as {\"enable_thinking\": false}: ")]
    [InlineData("kwargs = \"{\\\"a\\\": 1, \\\"a\\\": 2}\"", "it must be a JSON object")]
    [InlineData("kwargs = \"{\\\"messages\\\": []}\"", "messages is given by the program")]
    [InlineData("kwargs = \"{\\\"a\\\": 99999999999999999999}\"", "99999999999999999999 is too large a number")]
    [InlineData("time = yesterday", "it must be a date, or a date and a time, such as 2026-03-07 or 2026-03-07T15:04")]
    public void Load_whatCannotBe_isRefusedWithTheKey(string setting, string problem) =>
        Assert.Contains(
            problem,
            Assert.Throws<UserInputException>(() => _files.Load($"campaign.chat-template {{ {setting} }}")).Message,
            StringComparison.Ordinal);

    [Fact]
    public void LoadChatTemplate_settingsOfTheCommandLine_areReadAndNothingElse()
    {
        Assert.Null(CampaignConfiguration.LoadChatTemplate([]));
        Assert.Equal(
            new ChatTemplateOptions(Kwargs: "{\"a\": [1]}"),
            CampaignConfiguration.LoadChatTemplate([new("campaign.chat-template.kwargs", "{\"a\": [1]}", "--set")]));
        Assert.Contains(
            "unknown key campaign.seed",
            Assert.Throws<UserInputException>(() => CampaignConfiguration.LoadChatTemplate([new("campaign.seed", "1", "--set")])).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void TrainingConfiguration_hasIt_andWithoutItIsStoredAsBefore()
    {
        var set = TrainingConfiguration.Load(null, [new ConfigurationOverride("campaign.chat-template.kwargs", "{}", "--set")]);

        Assert.Equal(new ChatTemplateOptions(Kwargs: "{}"), set.ChatTemplate);
        Assert.Contains("chat-template", set.ToJson(), StringComparison.Ordinal);
        Assert.DoesNotContain("chat-template", TrainingConfiguration.Load(null, []).ToJson(), StringComparison.Ordinal);
    }
}

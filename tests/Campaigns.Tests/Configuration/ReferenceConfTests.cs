using IterativeDpo.Artifacts.Settings;
using IterativeDpo.Campaigns.Configuration;

namespace IterativeDpo.Campaigns.Tests.Configuration;

/// <summary>
/// What follows from the settings' attributes and is checked in: <c>UPDATE=1 dotnet test tests/Campaigns.Tests --filter ReferenceConf</c>
/// writes both files again.
/// </summary>
public sealed class ReferenceConfTests : IDisposable
{
    private const string HoconHead = """
        # Every setting of a campaign with its default; generated from the options' records, as docs/settings.md is. A campaign file overrides
        # what it needs:
        #
        #   campaign {
        #     name = my-campaign
        #     model = ../models/policy.gguf     # relative to the campaign file
        #     rounds = 6
        #     threads = ${?THREADS}             # from the environment, where it is set there
        #   }
        #
        # Files may include others (include "other.conf"), relative to the including file. Texts lose white space at both ends.


        """;

    private const string MarkdownHead = """
        # Settings

        Every setting of a campaign file, by its section; generated from the options' records, as `hocon/reference.conf` is. Switches are `on` or `off`.

        """;

    private readonly ConfigurationFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public void Reference_isWhatTheRecordsSay() =>
        AssertCurrent("hocon/reference.conf", HoconHead + SettingsReference.Hocon(CampaignConfiguration.Settings));

    [Fact]
    public void Document_isWhatTheRecordsSay() =>
        AssertCurrent("docs/settings.md", MarkdownHead + SettingsReference.Markdown(CampaignConfiguration.Settings));

    [Fact]
    public void Reference_readAsAFile_changesNothing()
    {
        var reference = Path.Combine(CampaignConfiguration.ShippedDirectory, "reference.conf");

        Assert.Equal(
            _files.Load().Json,
            CampaignConfiguration
                .Load(_files.Write("all.conf", $"include \"{reference}\"\ncampaign {{ name = test, model = policy.gguf }}"))
                .Json);
    }

    [Fact]
    public void EverySetting_orTheOneBeforeIt_hasAText() => Assert.All(SectionsOf(CampaignConfiguration.Settings), section =>
        Assert.NotEqual("", section.FirstOrDefault(setting => setting.Members is null)?.Text));

    private static IEnumerable<IReadOnlyList<Setting>> SectionsOf(IReadOnlyList<Setting> settings) =>
        settings.Select(setting => setting.Members).OfType<IReadOnlyList<Setting>>().SelectMany(SectionsOf).Prepend(settings);

    private static void AssertCurrent(string file, string expected)
    {
        var path = Path.Combine(Root(), file);
        if (Environment.GetEnvironmentVariable("UPDATE") == "1")
        {
            File.WriteAllText(path, expected);
        }
        Assert.Equal(expected, File.ReadAllText(path));
    }

    private static string Root()
    {
        var directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "IterativeDpo.sln")))
        {
            directory = Path.GetDirectoryName(directory)!;
        }
        return directory;
    }
}

using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns.Configuration;

namespace IterativeDpo.Actors.Configuration;

/// <summary>A campaign's settings for judging on its own: what only a whole campaign needs may be missing.</summary>
public static class JudgingConfiguration
{
    /// <param name="path">A campaign file, or one with a section <c>judging</c> alone, or null for the defaults.</param>
    /// <param name="overrides">Settings of the command line, which win over those of the file.</param>
    /// <param name="modelPath">The base model where the file names none, for judges that ask it.</param>
    /// <exception cref="UserInputException">As for a campaign, see <see cref="CampaignConfiguration.Load"/>.</exception>
    public static CampaignOptions Load(string? path, IReadOnlyList<ConfigurationOverride> overrides, string modelPath)
    {
        var file = path is null ? null : HoconFile.Load(path);
        ConfigurationOverride[] missing = [new("campaign.name", "judging", "the defaults"), new("campaign.model", modelPath, "the defaults")];
        return CampaignOptionsReader.Read(
            CampaignConfiguration.Reader(file, [.. missing.Where(item => file?.Config.HasPath(item.Key) is not true), .. overrides]),
            Environment.ProcessorCount);
    }
}

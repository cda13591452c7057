using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Training;

namespace IterativeDpo.Actors.Configuration;

/// <summary>What of a campaign's settings a training run on its own goes by.</summary>
public sealed record TrainingConfiguration(TrainingOptions Options, PolicyOptions Policy, ulong Seed)
{
    /// <param name="path">A campaign file, or null for the defaults; only its seed, threads, training and policy settings count here.</param>
    /// <param name="overrides">Settings of the command line, which win over those of the file.</param>
    /// <exception cref="UserInputException">As for a campaign, see <see cref="CampaignConfiguration.Load"/>.</exception>
    public static TrainingConfiguration Load(string? path, IReadOnlyList<ConfigurationOverride> overrides)
    {
        var campaign = CampaignConfiguration.Reader(path is null ? null : HoconFile.Load(path), overrides);
        return CampaignOptionsReader.ReadTraining(campaign, Environment.ProcessorCount);
    }

    /// <summary>The settings as indented JSON.</summary>
    public string ToJson() => OptionsJson.Write(this);
}

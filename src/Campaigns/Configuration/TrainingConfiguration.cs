using System.Text.Json.Serialization;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Settings;
using IterativeDpo.Generation;
using IterativeDpo.Training;

namespace IterativeDpo.Campaigns.Configuration;

/// <summary>What of a campaign's settings a training run on its own goes by.</summary>
/// <param name="ChatTemplate">Null is nothing.</param>
public sealed record TrainingConfiguration(
    TrainingOptions Options,
    PolicyOptions Policy,
    ulong Seed,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ChatTemplateOptions? ChatTemplate = null)
{
    /// <param name="path">A campaign file, or null for the defaults; only its seed, threads, training, policy and chat-template settings
    /// count here.</param>
    /// <param name="overrides">Settings of the command line, which win over those of the file.</param>
    /// <exception cref="UserInputException">As for a campaign, see <see cref="CampaignConfiguration.Load"/>.</exception>
    public static TrainingConfiguration Load(string? path, IReadOnlyList<ConfigurationOverride> overrides) =>
        CampaignConfiguration.ReadTraining(SettingsReader.Load(path, overrides, CampaignConfiguration.Settings));

    /// <summary>The settings as indented JSON.</summary>
    public string ToJson() => OptionsJson.Write(this);
}

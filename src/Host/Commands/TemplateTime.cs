using IterativeDpo.Actors;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Generation;
using IterativeDpo.Host.Nodes;

namespace IterativeDpo.Host.Commands;

/// <summary>
/// Which time chat templates get that ask for it (<c>strftime_now</c>) where no setting says it: that at which the campaign began, on every
/// node and every day. Campaigns whose templates do not ask are left as they are.
/// </summary>
internal static class TemplateTime
{
    /// <summary>Of a campaign in this state directory, begun or not.</summary>
    public static CampaignConfiguration OfState(CampaignConfiguration configuration, string statePath) => !Asks(configuration.Options)
        ? configuration
        : CampaignReader.Read(statePath) is not { Plan: not null } state ? Now(configuration)
        : CampaignReader.ReadSettings(statePath) is var stored
        && (stored.ChatTemplate?.Began ?? stored.Judging.ChatTemplate?.Began) is { } began
            ? Set(configuration, began)
        : Set(configuration, state.StartedAt);

    /// <summary>Of a campaign in a cluster, begun or not.</summary>
    public static async Task<CampaignConfiguration> OfClusterAsync(
        CampaignConfiguration configuration,
        ClusterConnection cluster,
        CancellationToken cancellationToken)
    {
        if (!Asks(configuration.Options))
        {
            return configuration;
        }
        try
        {
            return Set(
                configuration,
                (
                    await cluster.GetAsync<CampaignOverview>(
                        $"/campaigns/{Uri.EscapeDataString(configuration.Options.Name)}",
                        cancellationToken)
                ).StartedAt);
        }
        catch (UserInputException)
        {
            // There is no such campaign yet.
            return Now(configuration);
        }
    }

    public static CampaignConfiguration Now(CampaignConfiguration configuration) => Set(configuration, TimeProvider.System.GetLocalNow());

    private static CampaignConfiguration Set(CampaignConfiguration configuration, DateTimeOffset began)
    {
        var options = configuration.Options;
        options = options with
        {
            ChatTemplate = Set(options.ChatTemplate, OfModel(options), began),
            Judging = options.Judging with { ChatTemplate = Set(options.Judging.ChatTemplate, OfJudges(options), began) },
        };
        return configuration with { Options = options, Json = OptionsJson.Write(options) };
    }

    private static ChatTemplateOptions? Set(ChatTemplateOptions? template, IEnumerable<string> models, DateTimeOffset began) =>
        template?.Time is null && models.Any(Asks) ? (template ?? new()) with { Began = began } : template;

    private static bool Asks(CampaignOptions options) => OfModel(options).Concat(OfJudges(options)).Any(Asks);

    private static string[] OfModel(CampaignOptions options) => [options.ModelPath];

    private static IEnumerable<string> OfJudges(CampaignOptions options) =>
        options.JudgesInUse.SelectMany(judge => judge.Files).Where(path => path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase));

    private static bool Asks(string modelPath)
    {
        try
        {
            using var file = GgufFile.Open(modelPath);
            return file.Metadata.Any(entry => entry.Key.StartsWith("tokenizer.chat_template", StringComparison.Ordinal)
                && entry.Value.Value is string template && template.Contains("strftime_now", StringComparison.Ordinal));
        }
        catch (UserInputException)
        {
            // Whoever loads it says what is wrong with it.
            return false;
        }
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using IterativeDpo.Artifacts.Settings;

namespace IterativeDpo.Campaigns.Configuration;

/// <summary>A campaign's options as JSON with HOCON's names: the same options always give the same bytes.</summary>
public static class OptionsJson
{
    private static readonly JsonSerializerOptions IdentityOptions = new(SettingsReader.Json)
    {
        TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { LeaveOutDefaults } },
    };

    public static string Write<T>(T options) => JsonSerializer.Serialize(options, SettingsReader.Json);

    /// <summary>To be stored and shown, without what may be a secret.</summary>
    public static string Write(CampaignOptions options) => Write<CampaignOptions>(WithoutSecrets(options));

    /// <summary>
    /// What of the options changes results. A setting whose record has a default for it counts only where it differs from that, so that
    /// a campaign begun before there was such a setting is still the same one.
    /// </summary>
    public static string WriteIdentity(CampaignOptions options) => JsonSerializer.Serialize(WithoutIncidentals(options), IdentityOptions);

    /// <summary>Of another machine, whose program may be newer: what is not known here would be left out without a word.</summary>
    /// <exception cref="JsonException">It has a setting that this version of the program does not know, or lacks one.</exception>
    public static CampaignOptions ReadStrictly(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<CampaignOptions>(json, SettingsReader.StrictJson)
                ?? throw new JsonException("Settings are null.");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or ArgumentException)
        {
            throw new JsonException($"The campaign's settings are of another version of the program: update this node. {e.Message}", e);
        }
    }

    public static CampaignOptions Read(string json) => JsonSerializer.Deserialize<CampaignOptions>(json, SettingsReader.Json)!;

    /// <summary>The options with everything that a campaign may change on its way set to a fixed value.</summary>
    internal static CampaignOptions WithoutIncidentals(CampaignOptions options) => options with
    {
        Rounds = 0,
        ModelPath = "",
        Threads = 0,
        Prompts = options.Prompts with { File = options.Prompts.File is null ? null : "" },
        Training = options.Training with { Threads = 0, CheckpointSteps = 0 },
        Evaluation = options.Evaluation with
        {
            Sets = options.Evaluation.Sets?.Select(set => set with { File = set.File is null ? null : "" }).ToArray(),
        },
        Judging = options.Judging with
        {
            Timeout = TimeSpan.Zero,
            Retries = 0,
            Concurrency = 1,
            Judges = options.JudgesInUse is { Count: > 0 } judges ? [.. judges.Select(judge => judge.WithoutIncidentals())] : null,
            Limits = null,
            ChatTemplate = options.Judging.ChatTemplate?.WithoutBegan(),
        },
        ChatTemplate = options.ChatTemplate?.WithoutBegan(),
        Work = options.Work with { Retries = 0 },
        Watch = null,
        Stop = null,
        Notices = null,
    };

    private static CampaignOptions WithoutSecrets(CampaignOptions options) => options with
    {
        Judging = options.Judging with
        {
            Judges = options.Judging.Judges is { } judges ? [.. judges.Select(judge => judge.WithoutSecrets())] : null,
        },
        Notices = null,
    };

    private static void LeaveOutDefaults(JsonTypeInfo type)
    {
        foreach (var property in type.Properties)
        {
            if (property.AssociatedParameter is { HasDefaultValue: true, DefaultValue: var standard })
            {
                property.ShouldSerialize = (_, value) => !Equals(value, standard);
            }
        }
    }

    /// <summary>
    /// The settings in which two campaigns differ, incidentals left out, one to a line: <c>training.loss.beta: 0.1, now 0.2</c>.
    /// </summary>
    public static IReadOnlyList<string> Differences(CampaignOptions stored, CampaignOptions now) => Differences(
        JsonNode.Parse(Write(WithoutIncidentals(stored))), JsonNode.Parse(Write(WithoutIncidentals(now))));

    /// <summary>The places in which two documents differ, one to a line.</summary>
    public static IReadOnlyList<string> Differences(JsonNode? stored, JsonNode? now)
    {
        var before = Flatten(stored, "").ToDictionary();
        var after = Flatten(now, "").ToDictionary();
        return [.. before.Keys.Union(after.Keys)
            .Where(key => before.GetValueOrDefault(key) != after.GetValueOrDefault(key))
            .Select(key => $"{key}: {before.GetValueOrDefault(key, "unset")}, now {after.GetValueOrDefault(key, "unset")}")];
    }

    private static IEnumerable<KeyValuePair<string, string>> Flatten(JsonNode? node, string path) => node is JsonObject section
        ? section.SelectMany(item => Flatten(item.Value, path.Length == 0 ? item.Key : $"{path}.{item.Key}"))
        : [new(path, node is null ? "unset" : node.ToJsonString(SettingsReader.Json))];
}

using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors.Protocol;

/// <summary>
/// Every <see cref="ICampaignMessage"/> by the name it has on the wire and in the journal. A name is never given to another type.
/// </summary>
public static class WireFormat
{
    /// <summary>
    /// No message between nodes has more bytes. The transport drops those of more than 128,000 without a word to who sent them.
    /// </summary>
    public const int MostBytes = 64 * 1024;

    private static readonly (string Manifest, JsonTypeInfo Json)[] Table =
    [
        ("artifact-lost", CampaignJson.Default.ArtifactLost),
        ("campaign-accepted", CampaignJson.Default.CampaignAccepted),
        ("campaign-announced", CampaignJson.Default.CampaignAnnounced),
        ("campaign-cancelled", CampaignJson.Default.CampaignCancelled),
        ("campaign-completed", CampaignJson.Default.CampaignCompleted),
        ("campaign-failed", CampaignJson.Default.CampaignFailed),
        ("campaign-forked", CampaignJson.Default.CampaignForked),
        ("campaign-paused", CampaignJson.Default.CampaignPaused),
        ("campaign-resumed", CampaignJson.Default.CampaignResumed),
        ("campaign-started", CampaignJson.Default.CampaignStarted),
        ("campaign-state", CampaignJson.Default.CampaignState),
        ("campaign-stopped", CampaignJson.Default.CampaignStopped),
        ("cancel-campaign", CampaignJson.Default.CancelCampaign),
        ("cancel-work", CampaignJson.Default.CancelWork),
        ("checkpoint-work", CampaignJson.Default.CheckpointWork),
        ("complete-work", CampaignJson.Default.CompleteWork),
        ("continue-campaign", CampaignJson.Default.ContinueCampaign),
        ("describe-node", CampaignJson.Default.DescribeNode),
        ("drain-node", CampaignJson.Default.DrainNode),
        ("fail-work", CampaignJson.Default.FailWork),
        ("judge-order", CampaignJson.Default.JudgeOrder),
        ("judge-result", CampaignJson.Default.JudgeResult),
        ("no-work", CampaignJson.Default.NoWork),
        ("node-report", CampaignJson.Default.NodeReport),
        ("pair-order", CampaignJson.Default.PairOrder),
        ("pair-result", CampaignJson.Default.PairResult),
        ("pause-campaign", CampaignJson.Default.PauseCampaign),
        ("plan-revised", CampaignJson.Default.PlanRevised),
        ("publish-order", CampaignJson.Default.PublishOrder),
        ("publish-result", CampaignJson.Default.PublishResult),
        ("raise-limits", CampaignJson.Default.RaiseLimits),
        ("resume-campaign", CampaignJson.Default.ResumeCampaign),
        ("round-completed", CampaignJson.Default.RoundCompleted),
        ("round-started", CampaignJson.Default.RoundStarted),
        ("sample-order", CampaignJson.Default.SampleOrder),
        ("sample-result", CampaignJson.Default.SampleResult),
        ("start-campaign", CampaignJson.Default.StartCampaign),
        ("stop-campaign", CampaignJson.Default.StopCampaign),
        ("train-order", CampaignJson.Default.TrainOrder),
        ("train-result", CampaignJson.Default.TrainResult),
        ("training-checkpointed", CampaignJson.Default.TrainingCheckpointed),
        ("watch-campaign", CampaignJson.Default.WatchCampaign),
        ("work-cancelled", CampaignJson.Default.WorkCancelled),
        ("work-completed", CampaignJson.Default.WorkCompleted),
        ("work-dropped", CampaignJson.Default.WorkDropped),
        ("work-failed", CampaignJson.Default.WorkFailed),
        ("work-in-hand", CampaignJson.Default.WorkInHand),
        ("work-progress", CampaignJson.Default.WorkProgress),
        ("work-settled", CampaignJson.Default.WorkSettled),
        ("worker-ready", CampaignJson.Default.WorkerReady),
    ];

    private static readonly JsonSerializerOptions Options =
        new(CampaignJson.Default.Options) { TypeInfoResolver = CampaignJson.Default.WithAddedModifier(RequireMembers) };

    /// <summary>How a type is read and written is found out when it is first asked for: most processes meet a few of them.</summary>
    private static readonly FrozenDictionary<string, Type> ByManifest =
        Table.ToFrozenDictionary(entry => entry.Manifest, entry => entry.Json.Type);

    private static readonly FrozenDictionary<Type, string> ByType = ByManifest.ToFrozenDictionary(entry => entry.Value, entry => entry.Key);

    /// <exception cref="ArgumentException">The type is not in the table.</exception>
    public static string ManifestOf(object message) => ByType.TryGetValue(message.GetType(), out var manifest)
        ? manifest
        : throw new ArgumentException($"{message.GetType()} has no name on the wire.", nameof(message));

    /// <exception cref="ArgumentException">The type is not in the table.</exception>
    public static byte[] Write(object message)
    {
        ManifestOf(message);
        return JsonSerializer.SerializeToUtf8Bytes(message, Options.GetTypeInfo(message.GetType()));
    }

    /// <exception cref="ArgumentException">No type goes by this manifest: the message is from a newer version.</exception>
    /// <exception cref="JsonException">The bytes are damaged, or a member is missing or null that may not be: names it.</exception>
    public static object Read(byte[] bytes, string manifest) =>
        ByManifest.TryGetValue(manifest, out var type)
            ? Read(bytes, Options.GetTypeInfo(type)) ?? throw new JsonException($"A {manifest} is null.")
            : throw new ArgumentException(
                $"'{manifest}' is no message of this version of the program; a newer one wrote it.",
                nameof(manifest));

    /// <summary>
    /// What a record has to be made with, but for what may be null, which is not written then, and what has a default, being newer. What
    /// is set later counts where it would be null if it were missing: generated code does not know what it begins with.
    /// </summary>
    private static void RequireMembers(JsonTypeInfo type)
    {
        foreach (var property in type.Properties)
        {
            property.IsRequired = property.AssociatedParameter is { HasDefaultValue: false, IsNullable: false } parameter
                && !(parameter.IsMemberInitializer && parameter.ParameterType.IsValueType);
        }
    }

    private static object? Read(byte[] bytes, JsonTypeInfo json)
    {
        try
        {
            return JsonSerializer.Deserialize(bytes, json);
        }
        catch (NotSupportedException e)
        {
            // Of a result without its kind.
            throw new JsonException(e.Message, e);
        }
    }
}

using System.Text.Json;
using System.Text.Json.Serialization;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors.Protocol;

/// <summary>How every <see cref="ICampaignMessage"/> is written as JSON, generated at build time.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    Converters = [typeof(WorkIdJsonConverter)])]
[JsonSerializable(typeof(ArtifactLost))]
[JsonSerializable(typeof(CampaignAccepted))]
[JsonSerializable(typeof(CampaignAnnounced))]
[JsonSerializable(typeof(CampaignCancelled))]
[JsonSerializable(typeof(CampaignCompleted))]
[JsonSerializable(typeof(CampaignFailed))]
[JsonSerializable(typeof(CampaignForked))]
[JsonSerializable(typeof(CampaignPaused))]
[JsonSerializable(typeof(CampaignResumed))]
[JsonSerializable(typeof(CampaignStarted))]
[JsonSerializable(typeof(CampaignState))]
[JsonSerializable(typeof(CampaignStopped))]
[JsonSerializable(typeof(CancelCampaign))]
[JsonSerializable(typeof(CancelWork))]
[JsonSerializable(typeof(CheckpointWork))]
[JsonSerializable(typeof(CompleteWork))]
[JsonSerializable(typeof(ContinueCampaign))]
[JsonSerializable(typeof(DescribeNode))]
[JsonSerializable(typeof(DrainNode))]
[JsonSerializable(typeof(FailWork))]
[JsonSerializable(typeof(JudgeOrder))]
[JsonSerializable(typeof(NoWork))]
[JsonSerializable(typeof(NodeReport))]
[JsonSerializable(typeof(PairOrder))]
[JsonSerializable(typeof(PauseCampaign))]
[JsonSerializable(typeof(PlanRevised))]
[JsonSerializable(typeof(PublishOrder))]
[JsonSerializable(typeof(RaiseLimits))]
[JsonSerializable(typeof(ResumeCampaign))]
[JsonSerializable(typeof(RoundCompleted))]
[JsonSerializable(typeof(RoundStarted))]
[JsonSerializable(typeof(SampleOrder))]
[JsonSerializable(typeof(StartCampaign))]
[JsonSerializable(typeof(StopCampaign))]
[JsonSerializable(typeof(TrainOrder))]
[JsonSerializable(typeof(TrainingCheckpointed))]
[JsonSerializable(typeof(WatchCampaign))]
[JsonSerializable(typeof(WorkCancelled))]
[JsonSerializable(typeof(WorkCompleted))]
[JsonSerializable(typeof(WorkDropped))]
[JsonSerializable(typeof(WorkFailed))]
[JsonSerializable(typeof(WorkInHand))]
[JsonSerializable(typeof(WorkProgress))]
[JsonSerializable(typeof(WorkSettled))]
[JsonSerializable(typeof(WorkerReady))]
internal sealed partial class CampaignJson : JsonSerializerContext;

/// <summary>A work id is one string, also as a key.</summary>
internal sealed class WorkIdJsonConverter : JsonConverter<WorkId>
{
    public override WorkId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Parse(reader.GetString());

    public override void Write(Utf8JsonWriter writer, WorkId value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());

    public override WorkId ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Parse(reader.GetString());

    public override void WriteAsPropertyName(Utf8JsonWriter writer, WorkId value, JsonSerializerOptions options) =>
        writer.WritePropertyName(value.ToString());

    private static WorkId Parse(string? text)
    {
        try
        {
            return WorkId.Parse(text ?? "");
        }
        catch (FormatException e)
        {
            throw new JsonException(e.Message, e);
        }
    }
}

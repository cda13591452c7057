using System.Text.Json.Nodes;

namespace IterativeDpo.Host.Tests.Report;

/// <summary>The names that <c>--json</c> promises.</summary>
public sealed class CampaignSummaryTests
{
    private readonly JsonObject _json = JsonNode.Parse(SyntheticReport.Create(rounds: 1).Summary.ToJson())!.AsObject();

    [Fact]
    public void ToJson_top_level() => AssertNames(_json, "campaign", "state", "baseline", "rounds", "final", "engines");

    [Fact]
    public void ToJson_baseline() => AssertNames(_json["baseline"]!, "heldout_accuracy", "heldout_prompts", "by_task");

    [Fact]
    public void ToJson_round() => AssertNames(
        _json["rounds"]![0]!,
        "round",
        "prompts",
        "samples",
        "generated_tokens",
        "pairs",
        "ties",
        "dropped",
        "adapter_sha256",
        "train",
        "eval",
        "seconds");

    [Fact]
    public void ToJson_train() => AssertNames(
        _json["rounds"]![0]!["train"]!, "steps", "loss", "rewards/margins", "rewards/accuracies", "rewards/chosen", "rewards/rejected");

    [Fact]
    public void ToJson_eval() => AssertNames(_json["rounds"]![0]!["eval"]!, "heldout_accuracy", "by_task", "mean_tokens");

    [Fact]
    public void ToJson_seconds() =>
        AssertNames(_json["rounds"]![0]!["seconds"]!, "generate", "judge", "train", "publish", "evaluate", "total");

    [Fact]
    public void ToJson_final() => AssertNames(_json["final"]!, "heldout_accuracy");

    [Fact]
    public void ToJson_task_names_stay_as_they_are() =>
        Assert.Contains("sort-letters", _json["baseline"]!["by_task"]!.AsObject().Select(task => task.Key));

    [Fact]
    public void ToJson_round_without_training_has_null()
    {
        var summary = SyntheticReport.Create(rounds: 1).Summary;
        var skipped = summary with { Rounds = [summary.Rounds[0] with { Train = null, AdapterSha256 = null }] };

        var round = JsonNode.Parse(skipped.ToJson())!["rounds"]![0]!.AsObject();

        Assert.True(round.ContainsKey("train"));
        Assert.Null(round["train"]);
    }

    private static void AssertNames(JsonNode node, params string[] names) =>
        Assert.Equal(names, node.AsObject().Select(member => member.Key));
}

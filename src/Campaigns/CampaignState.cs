using System.Collections.Immutable;
using System.Text.Json.Serialization;
using IterativeDpo.Artifacts;

namespace IterativeDpo.Campaigns;

public enum CampaignStatus { New, Running, Paused, Completed, Cancelled }

/// <summary>Where the rounds that a campaign did not make itself come from.</summary>
/// <param name="Campaign">Its name.</param>
/// <param name="StatePath">Its state directory, when this one parted from it.</param>
/// <param name="Settings">As <see cref="CampaignPlan.SettingsDigest"/>.</param>
/// <param name="Round">The last round that was taken over.</param>
/// <param name="Before">Where that campaign's own first rounds come from; null where it made all.</param>
public sealed record CampaignOrigin(string Campaign, string StatePath, Digest Settings, int Round, CampaignOrigin? Before = null);

/// <summary>
/// Everything a campaign goes on by: of rounds that have ended the outcome, and not their units' results, which are in the journal. Made by
/// <see cref="CampaignHistory.Apply"/> from its events alone.
/// </summary>
public sealed record CampaignState : ICampaignMessage
{
    public static CampaignState Empty { get; } = new();

    public CampaignStatus Status { get; init; }

    /// <summary>Null before the campaign started.</summary>
    public CampaignPlan? Plan { get; init; }

    /// <summary>Why the campaign is paused, and what to do about it.</summary>
    public string? PauseReason { get; init; }

    /// <summary>The operator who paused it, who may have it go on; null where it cannot go on by itself, or who did is not told.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? PausedBy { get; init; }

    /// <summary>In order; the first is round 0, the evaluation of the base.</summary>
    public ImmutableList<RoundState> Rounds { get; init; } = [];

    /// <summary>Failed attempts of work in the current round.</summary>
    public ImmutableDictionary<WorkId, int> Attempts { get; init; } = ImmutableDictionary<WorkId, int>.Empty;

    /// <summary>What work that is still due comes to without the prompts that the judge failed on.</summary>
    public ImmutableDictionary<WorkId, JudgeResult> DoneInPart { get; init; } = ImmutableDictionary<WorkId, JudgeResult>.Empty;

    /// <summary>Null unless it is a fork.</summary>
    public CampaignOrigin? Origin { get; init; }

    public DateTimeOffset StartedAt { get; init; }

    public DateTimeOffset LastEventAt { get; init; }

    /// <summary>The rounds that run, in order: one, and those that are sampled ahead. Rounds end in order.</summary>
    [JsonIgnore]
    public IEnumerable<RoundState> Open => Rounds.Skip(Rounds.FindLastIndex(round => round.Outcome is not null) + 1);

    /// <summary>The first round that runs; null between rounds.</summary>
    [JsonIgnore]
    public RoundState? Current => Open.FirstOrDefault();

    /// <summary>The adapter to use now: of the last round that was kept; null is the base.</summary>
    [JsonIgnore]
    public Digest? Checkpoint => LastKept?.Training?.Adapter;

    /// <summary>How the campaign fared on its prompts so far, stored; null where that is not kept, or nothing was judged yet.</summary>
    [JsonIgnore]
    public Digest? PromptStatistics => Rounds.Select(round => round.Pairs?.PromptStatistics).LastOrDefault(digest => digest is not null);

    /// <summary>The round whose evaluation is that of the checkpoint; null before the base was evaluated.</summary>
    [JsonIgnore]
    public RoundState? LastKept => Rounds.LastOrDefault(round => round.Outcome == RoundOutcome.Kept);
}

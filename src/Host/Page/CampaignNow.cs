using IterativeDpo.Campaigns;
using IterativeDpo.Host.Terminal;
using IterativeDpo.Judging.People;

namespace IterativeDpo.Host.Page;

/// <summary>A campaign at one moment, as a page shows it.</summary>
/// <param name="Events">The number of the last event in the state; 0 before the campaign has begun.</param>
/// <param name="Stage">What is under way; null is nothing.</param>
/// <param name="Process">The process that runs the campaign; null is none.</param>
/// <param name="RoundsLeft">Time until the last round is done, by the rounds so far; null where these say nothing yet.</param>
/// <param name="Notes">What the run has told lately, oldest first; known only in its own process.</param>
/// <param name="People">What waits for people, and what they have judged.</param>
/// <param name="Trouble">Why the journal cannot be read just now; the rest is then as it was.</param>
internal sealed record CampaignNow(
    CampaignState State,
    long Events,
    StageNow? Stage,
    int? Process,
    TimeSpan? RoundsLeft,
    IReadOnlyList<Note> Notes,
    PeopleCounts People,
    string? Trouble)
{
    /// <summary>Whether it goes on by itself: a campaign whose process is gone waits for the next start.</summary>
    public bool IsRunning => State.Status == CampaignStatus.Running && Process is not null;

    /// <summary>The status in a word, of a person's point of view.</summary>
    public string Status => State switch
    {
        { Plan: null } => "new",
        { Status: CampaignStatus.Running } when Process is null => "stopped",
        _ => State.Status.ToString().ToLowerInvariant(),
    };

    /// <summary>Whether the base is evaluated, so that there is something to compare with.</summary>
    public bool HasBaseline => State.Rounds is [{ Outcome: not null }, ..];

    public RoundState? Round(int number) => number >= 0 && number < State.Rounds.Count ? State.Rounds[number] : null;
}

/// <summary>The stage under way.</summary>
/// <param name="PerSecond">Prompts or steps a second since it began; null where nothing is done yet.</param>
/// <param name="Left">Until it is done, at that rate.</param>
internal sealed record StageNow(StageView View, double? PerSecond, TimeSpan? Left);

/// <summary>A line that a run told.</summary>
internal sealed record Note(DateTimeOffset At, string Text);

using System.Text.Json.Serialization;
using IterativeDpo.Generation;

namespace IterativeDpo.Judging.People;

/// <summary>What a person says of two answers; A is the one that was shown first.</summary>
public enum PeopleAnswer
{
    A,
    B,

    /// <summary>Both are as good.</summary>
    Tie,

    /// <summary>Neither is any good.</summary>
    Neither,

    /// <summary>The person cannot tell.</summary>
    Skip,

    /// <summary>Takes back the person's verdict before.</summary>
    Undo,
}

/// <summary>Two answers to a prompt that people are asked to compare. It has all that they are shown.</summary>
/// <param name="Id">Tells nothing of who answered.</param>
/// <param name="Judge">The judge's name.</param>
/// <param name="Task">The prompt's.</param>
/// <param name="First">The index of one sample.</param>
/// <param name="Holds">Whether the campaign waits for the first verdict; else it only measures.</param>
/// <param name="People">How many shall judge it: the first one's verdict counts, further ones tell how far people agree.</param>
/// <param name="Seed">Of the order in which the answers are shown.</param>
/// <param name="Against">What the judge that people measure says of the two; null is none.</param>
/// <param name="Counts">Whether the campaign does not wait, and takes the first verdict in the next round.</param>
public sealed record PeopleTask(
    string Id,
    string Judge,
    int Round,
    string PromptId,
    string? Task,
    string Prompt,
    int First,
    int Second,
    string FirstText,
    string SecondText,
    bool Holds,
    int People,
    ulong Seed,
    DateTimeOffset At,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JudgeOpinion? Against = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Counts = false)
{
    /// <summary>The sample that this person is shown first; each has an order of their own.</summary>
    public int FirstShownTo(string person) => SampleSeed.Derive(Seed, 0, person, 0) % 2 == 0 ? First : Second;

    public int OtherOf(int sample) => sample == First ? Second : First;

    public string TextOf(int sample) => sample == First ? FirstText : SecondText;
}

/// <param name="Judge">Its name.</param>
/// <param name="Preference">Between the task's first and second sample.</param>
public sealed record JudgeOpinion(string Judge, Preference Preference);

/// <summary>What one person said of a task, or took back.</summary>
/// <param name="Task">Its id.</param>
/// <param name="ShownFirst">The sample that was answer A.</param>
/// <param name="Seconds">From when it was shown to the answer; null where nobody knows.</param>
/// <param name="Source">The file that it was imported from; null is the page.</param>
public sealed record PeopleVerdict(
    string Task,
    string Person,
    PeopleAnswer Answer,
    int ShownFirst,
    double? Seconds,
    DateTimeOffset At,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Source = null)
{
    /// <summary>Between the task's first and second sample; that neither is good makes them equal.</summary>
    public Preference PreferenceOn(PeopleTask task) => Answer switch
    {
        PeopleAnswer.A => ShownFirst == task.First ? Preference.First : Preference.Second,
        PeopleAnswer.B => ShownFirst == task.First ? Preference.Second : Preference.First,
        PeopleAnswer.Tie or PeopleAnswer.Neither => Preference.Tie,
        _ => Preference.Abstained,
    };
}

using IterativeDpo.Judging.People;

namespace IterativeDpo.Judging.Tests.People;

internal static class Tasks
{
    public static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public static PeopleTask Of(string id, bool holds = true, int people = 1) =>
        new(id, "people", 1, $"p{id}", null, "?", 0, 2, "good", "bad", holds, people, 7, Start);

    /// <summary>The first sample was shown first to everybody.</summary>
    public static JudgedTask Judged(string id, Preference? against, params (string Person, PeopleAnswer Answer)[] verdicts) => new(
        Of(id) with { Against = against is { } preference ? new("small", preference) : null },
        [.. verdicts.Select(verdict => Verdict(id, verdict.Person, verdict.Answer))]);

    public static PeopleVerdict Verdict(string task, string person, PeopleAnswer answer = PeopleAnswer.A, DateTimeOffset? at = null) =>
        new(task, person, answer, 0, 3, at ?? Start);
}

using IterativeDpo.Judging.Quality;

namespace IterativeDpo.Judging.People;

/// <param name="Judged">Comparisons, skipped ones aside.</param>
/// <param name="MedianSeconds">Of a verdict on the page; null where none was timed.</param>
/// <param name="ShownFirstWins">Of the verdicts for one of two answers, those for the one shown first.</param>
public sealed record PersonFigures(string Person, int Judged, int Ties, int Skipped, double? MedianSeconds, Share ShownFirstWins);

/// <summary>Two people on the comparisons that both have judged, skipped ones aside.</summary>
/// <param name="Agreement">Its kappa is Cohen's; each comparison counts in both orders.</param>
public sealed record TwoPeople(string One, string Other, int Both, Agreement Agreement);

/// <summary>A judge against the people who judged the same answers.</summary>
public sealed record JudgeAgainstPeople(string Judge, Agreement Agreement);

/// <summary>How far people agree, and judges with them.</summary>
/// <param name="Alpha">Krippendorff's (2011), nominal, over first better, second better and equal, each comparison in both orders; null
/// where nobody can tell.</param>
/// <param name="Twice">Comparisons that several people have judged.</param>
public sealed record PeopleFigures(
    IReadOnlyList<PersonFigures> People, IReadOnlyList<TwoPeople> Two, double? Alpha, int Twice, IReadOnlyList<JudgeAgainstPeople> Judges)
{
    private static readonly Preference[] s_mirrored = [Preference.Second, Preference.First, Preference.Tie];

    public static PeopleFigures Of(IReadOnlyList<JudgedTask> tasks)
    {
        var verdicts = tasks
            .SelectMany(task => task.Verdicts.Select(verdict => (Verdict: verdict, Preference: verdict.PreferenceOn(task.Task))))
            .ToArray();
        Preference[][] several =
        [
            .. tasks
                .Select(task =>
                    task.Verdicts.Select(verdict => verdict.PreferenceOn(task.Task)).Where(one => one != Preference.Abstained).ToArray())
                .Where(units => units.Length > 1),
        ];
        return new(
            [
                .. verdicts
                    .GroupBy(one => one.Verdict.Person, StringComparer.Ordinal)
                    .OrderBy(person => person.Key, StringComparer.Ordinal)
                    .Select(person => PersonOf(person.Key, [.. person])),
            ],
            [.. TwoOf(tasks)],
            AlphaOf([
                .. several.Select(unit => unit.Select(one => (int)one).ToArray()),
                .. several.Select(unit => unit.Select(one => (int)s_mirrored[(int)one]).ToArray()),
            ]),
            several.Length,
            [
                .. tasks
                    .Where(task => task is { Task.Against: not null, Verdicts.Count: > 0 })
                    .GroupBy(task => task.Task.Against!.Judge, StringComparer.Ordinal)
                    .Select(judge => new JudgeAgainstPeople(
                        judge.Key,
                        judge.Aggregate(
                            new Agreement(),
                            (sum, task) => sum.With(task.Task.Against!.Preference, task.Verdicts[0].PreferenceOn(task.Task))))),
            ]);
    }

    /// <summary>Krippendorff's alpha of nominal values: 1 is full agreement, 0 that of chance.</summary>
    /// <param name="units">The values that each unit was given; units with fewer than two say nothing.</param>
    /// <returns>Null where there are no two values of a unit, or all are the same.</returns>
    internal static double? AlphaOf(IReadOnlyList<int[]> units)
    {
        int[][] pairable = [.. units.Where(unit => unit.Length > 1)];
        var counts = pairable.SelectMany(unit => unit).CountBy(value => value).Select(value => (double)value.Value).ToArray();
        var all = counts.Sum();
        // Of all two values of a unit the different ones, and of all two values at all.
        var observed = pairable.Sum(unit =>
            unit.CountBy(value => value).Sum(value => (double)value.Value * (unit.Length - value.Value)) / (unit.Length - 1));
        var expected = counts.Sum(count => count * (all - count));
        return expected > 0 ? 1 - ((all - 1) * observed / expected) : null;
    }

    private static PersonFigures PersonOf(string person, (PeopleVerdict Verdict, Preference Preference)[] verdicts)
    {
        double[] seconds = [.. verdicts.Select(one => one.Verdict.Seconds).OfType<double>().Order()];
        return new(
            person,
            verdicts.Count(one => one.Preference != Preference.Abstained),
            verdicts.Count(one => one.Preference == Preference.Tie),
            verdicts.Count(one => one.Preference == Preference.Abstained),
            seconds.Length == 0 ? null : seconds[seconds.Length / 2],
            verdicts
                .Where(one => one.Verdict.Answer is PeopleAnswer.A or PeopleAnswer.B)
                .Aggregate(new Share(), (sum, one) => sum.With(one.Verdict.Answer == PeopleAnswer.A)));
    }

    private static IEnumerable<TwoPeople> TwoOf(IReadOnlyList<JudgedTask> tasks) =>
        from task in tasks
        from one in task.Verdicts
        from other in task.Verdicts
        where string.CompareOrdinal(one.Person, other.Person) < 0
        group (One: one.PreferenceOn(task.Task), Other: other.PreferenceOn(task.Task)) by (One: one.Person, Other: other.Person) into two
        let both = two.Where(verdict => verdict.One != Preference.Abstained && verdict.Other != Preference.Abstained).ToArray()
        where both.Length > 0
        orderby two.Key.One, two.Key.Other
        select new TwoPeople(
            two.Key.One,
            two.Key.Other,
            both.Length,
            both.Aggregate(new Agreement(), (sum, verdict) => sum.With(verdict.One, verdict.Other)));
}

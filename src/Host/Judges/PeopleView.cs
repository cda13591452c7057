using System.Globalization;
using IterativeDpo.Judging.People;

namespace IterativeDpo.Host.Judges;

/// <summary>How far people agree, and judges with them, for a person and for a program.</summary>
internal static class PeopleView
{
    /// <returns>Nothing where nobody has judged.</returns>
    public static IEnumerable<string> Lines(PeopleFigures figures)
    {
        foreach (var person in figures.People)
        {
            yield return $"\n{person.Person}: {person.Judged:N0} judged, {person.Ties:N0} ties, {person.Skipped:N0} skipped; the one shown first wins {QualityView.Describe(person.ShownFirstWins, "verdicts with a winner")}";
        }
        if (figures.Twice > 0)
        {
            yield return $"\npeople agree: Krippendorff's alpha {Number(figures.Alpha)} over {figures.Twice:N0} comparisons";
        }
        foreach (var two in figures.Two)
        {
            yield return $"  {two.One} and {two.Other}: Cohen's kappa {Number(two.Agreement.Kappa)} over {two.Both:N0} comparisons";
        }
        foreach (var judge in figures.Judges)
        {
            yield return $"\n{judge.Judge} against people: {QualityView.Describe(judge.Agreement.Accuracy, "comparisons that people tell apart")}, kappa {Number(judge.Agreement.Kappa)}";
        }
    }

    /// <summary>By the names that <c>--json</c> and the page's API print.</summary>
    public static object Json(PeopleFigures figures) => new
    {
        People = figures.People.Select(person => new
        {
            person.Person,
            person.Judged,
            person.Ties,
            person.Skipped,
            person.MedianSeconds,
            ShownFirstWins = QualityView.Json(person.ShownFirstWins),
        }),
        figures.Alpha,
        figures.Twice,
        Two = figures.Two.Select(two => new { two.One, two.Other, two.Both, two.Agreement.Kappa }),
        Judges = figures.Judges.Select(judge => new
        {
            judge.Judge,
            Accuracy = QualityView.Json(judge.Agreement.Accuracy),
            judge.Agreement.Kappa,
            judge.Agreement.Agree,
            judge.Agreement.Contradict,
            judge.Agreement.TiedByJudge,
            judge.Agreement.TiedByStandard,
        }),
    };

    private static string Number(double? value) => value is { } known ? known.ToString("F2", CultureInfo.InvariantCulture) : "-";
}

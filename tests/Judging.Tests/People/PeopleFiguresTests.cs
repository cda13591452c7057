using IterativeDpo.Judging.People;

namespace IterativeDpo.Judging.Tests.People;

public sealed class PeopleFiguresTests
{
    /// <summary>
    /// The example of Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), part C: four observers, twelve units, values
    /// missing.
    /// </summary>
    [Fact]
    public void Alpha_ofTheAuthorsExample_isHis()
    {
        int[][] units =
        [
            [1, 1, 1],
            [2, 2, 3, 2],
            [3, 3, 3, 3],
            [3, 3, 3, 3],
            [2, 2, 2, 2],
            [1, 2, 3, 4],
            [4, 4, 4, 4],
            [1, 1, 2, 1],
            [2, 2, 2, 2],
            [5, 5, 5],
            [1, 1],
            [3],
        ];

        Assert.Equal(0.743, PeopleFigures.AlphaOf(units)!.Value, 3);
    }

    [Fact]
    public void Alpha_whereNothingCanDiffer_isNone()
    {
        Assert.Null(PeopleFigures.AlphaOf([]));
        Assert.Null(PeopleFigures.AlphaOf([[1], [2]]));
        Assert.Null(PeopleFigures.AlphaOf([[1, 1], [1, 1]]));
    }

    [Fact]
    public void Of_measuresPeopleByTwo_andJudgesByTheFirstVerdict()
    {
        JudgedTask[] tasks =
        [
            Tasks.Judged("1", Preference.First, ("anna", PeopleAnswer.A), ("ben", PeopleAnswer.A)),
            Tasks.Judged("2", Preference.Second, ("anna", PeopleAnswer.B), ("ben", PeopleAnswer.B)),
            Tasks.Judged("3", Preference.First, ("ben", PeopleAnswer.B), ("anna", PeopleAnswer.A)),
            Tasks.Judged("4", Preference.Tie, ("anna", PeopleAnswer.Neither), ("ben", PeopleAnswer.Tie)),
            Tasks.Judged("5", null, ("anna", PeopleAnswer.Skip)),
        ];

        var figures = PeopleFigures.Of(tasks);

        var two = Assert.Single(figures.Two);
        Assert.Equal(("anna", "ben", 4), (two.One, two.Other, two.Both));
        // 3 of 4 the same; by chance 3/4 * 3/4 / 2 + 1/4 * 1/4.
        Assert.Equal((0.75 - 0.34375) / (1 - 0.34375), two.Agreement.Kappa!.Value, 9);
        Assert.Equal(4, figures.Twice);
        Assert.InRange(figures.Alpha!.Value, two.Agreement.Kappa.Value, 1);
        var judge = Assert.Single(figures.Judges);
        Assert.Equal(("small", 2, 1, 1), (judge.Judge, judge.Agreement.Agree, judge.Agreement.Contradict, judge.Agreement.BothTied));
        Assert.Equal(
            [("anna", 4, 1, 1), ("ben", 4, 1, 0)],
            figures.People.Select(person => (person.Person, person.Judged, person.Ties, person.Skipped)));
    }
}

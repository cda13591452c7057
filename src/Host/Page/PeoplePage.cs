using System.Globalization;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Host.Judges;
using IterativeDpo.Host.Report;
using IterativeDpo.Judging.People;

namespace IterativeDpo.Host.Page;

/// <summary>A comparison to be judged, and how far people agree. Which policy, judge or score an answer has is not on it.</summary>
internal static class PeoplePage
{
    public const string NoName = "say first who you are";

    private static readonly (PeopleAnswer Answer, string Words, string Key)[] s_answers =
    [
        (PeopleAnswer.A, "A is better", "a"),
        (PeopleAnswer.B, "B is better", "b"),
        (PeopleAnswer.Tie, "Both are as good", "t"),
        (PeopleAnswer.Neither, "Neither is good", "n"),
        (PeopleAnswer.Skip, "I cannot tell", "s"),
    ];

    /// <returns>Null where a form's word is no answer.</returns>
    public static PeopleAnswer? AnswerOf(string word) =>
        s_answers.Where(answer => Word(answer.Answer) == word).Select(answer => (PeopleAnswer?)answer.Answer).FirstOrDefault();

    /// <param name="task">What this visitor is to judge; null is nothing.</param>
    /// <param name="refusal">Why what the visitor sent does not count; null where nothing was refused.</param>
    public static string Render(PageData data, PageVisitor visitor, PeopleTask? task, string? refusal, DateTimeOffset now)
    {
        var tasks = data.Feed.People.Tasks();
        var counts = data.Feed.People.Count();
        var lead = counts switch
        {
            { Open: 0, Verdicts: 0 } => "Nothing is to be judged by people.",
            { Open: 0 } => $"Everything is judged: {Html.Count(counts.Verdicts)} verdicts.",
            { Awaited: 0 } =>
                $"{Html.Count(counts.Open)} to be judged, {Html.Count(counts.Verdicts)} verdicts so far. The campaign does not wait for them.",
            _ =>
                $"{Html.Count(counts.Open)} to be judged, {Html.Count(counts.Verdicts)} verdicts so far. The campaign waits for {Html.Count(counts.Awaited)}.",
        };
        return $"<header><h1>People</h1><p class=\"lead\">{lead}</p></header>\n"
            + (
                refusal is null
                    ? ""
                    : $"<section id=\"refused\" aria-label=\"Refused\"><p class=\"refused\" role=\"alert\">Not counted: {Html.Text(refusal)}.{(task is null ? "" : " What is next is below.")}</p></section>\n")
            + (visitor switch
            {
                { Role: < PageRole.Judge } =>
                    "<section id=\"who\" aria-label=\"Who you are\"><p>Your token may read; judging takes the token of a judge.</p></section>\n",
                { Person: null } => NameForm(""),
                _ when task is null => Html.Section(
                    "task",
                    "Nothing to judge now",
                    "",
                    $"<p>You are {Html.Text(visitor.Person)}. What comes is shown here by itself.</p>{Undo()}"),
                _ => Task(task, visitor.Person!, GuideOf(data, task), now),
            })
            + (
                visitor is { Role: >= PageRole.Judge, Person: { } person, HasOwnName: false }
                    ? $"<details><summary>You are {Html.Text(person)}</summary>{NameForm(person)}</details>\n"
                    : "")
            + Figures(PeopleFigures.Of(tasks));
    }

    private static string Task(PeopleTask task, string person, string guide, DateTimeOffset now)
    {
        var first = task.FirstShownTo(person);
        var buttons = string.Concat(s_answers.Select(answer =>
            $"<button name=\"answer\" value=\"{Word(answer.Answer)}\" data-key=\"{answer.Key}\" aria-keyshortcuts=\"{answer.Key}\">{answer.Words} <kbd>{answer.Key.ToUpperInvariant()}</kbd></button>"));
        return $"""
            <section id="task" aria-labelledby="task-title" data-task="{Html.Text(task.Id)}"><h2 id="task-title">Which answer is better?</h2>
            {(guide.Length == 0 ? "" : $"<details open><summary>What to go by</summary><p class=\"guide\">{Html.Text(guide)}</p></details>")}
            <h3>Prompt</h3><div class="answer"><p class="sample">{Html.Text(task.Prompt)}</p></div>
            <div class="sides">
            <div class="answer"><h3>A</h3><p class="sample">{Html.Text(task.TextOf(first))}</p></div>
            <div class="answer"><h3>B</h3><p class="sample">{Html.Text(task.TextOf(task.OtherOf(first)))}</p></div>
            </div>
            <form class="verdict" method="post" action="{PeopleRoutes.VerdictPath}"><input type="hidden" name="task" value="{Html.Text(task.Id)}"><input type="hidden" name="shown_first" value="{first}">{PageForm.MadeAt(now)}{buttons}</form>
            {Undo()}</section>

            """;
    }

    private static string Word(PeopleAnswer answer) => answer.ToString().ToLowerInvariant();

    private static string Undo() =>
        $"<form class=\"verdict\" method=\"post\" action=\"{PeopleRoutes.UndoPath}\"><button class=\"quiet\" data-key=\"u\" aria-keyshortcuts=\"u\">Take back my last verdict <kbd>U</kbd></button></form>";

    private static string NameForm(string name) => $"""
        <section id="who" aria-labelledby="who-title"><h2 id="who-title">Who judges?</h2><p class="lead">Verdicts are recorded with this name.</p>
        <form class="verdict" method="post" action="{PeopleRoutes.NamePath}"><label>Name <input name="name" value="{Html.Text(name)}" maxlength="{PeopleQueue.MostNameCharacters}" autocomplete="name" required></label><button>This is me</button></form></section>

        """;

    private static string GuideOf(PageData data, PeopleTask task)
    {
        if ((data.Options.Judging.Judges ?? []).OfType<HumanOptions>().FirstOrDefault(judge => judge.Name == task.Judge) is not { } options)
        {
            return "";
        }
        try
        {
            return options.GuideFile is { } file ? File.ReadAllText(file) : options.Guide;
        }
        catch (Exception e) when (IoFailure.Is(e))
        {
            return $"The guide ({options.GuideFile}) cannot be read: {IoFailure.Cause(e)}";
        }
    }

    private static string Figures(PeopleFigures figures)
    {
        if (figures.People.Count == 0)
        {
            return "";
        }
        var people = figures.People.Select(one => new[]
        {
            Html.Text(one.Person),
            Html.Count(one.Judged),
            Html.Count(one.Ties),
            Html.Count(one.Skipped),
            one.MedianSeconds is { } seconds ? Html.Duration(seconds) : "—",
            Html.Text(QualityView.Percent(one.ShownFirstWins)),
        });
        var two = figures.Two.Select(pair =>
            new[] { $"{Html.Text(pair.One)} and {Html.Text(pair.Other)}", Html.Count(pair.Both), Number(pair.Agreement.Kappa) });
        var judges = figures.Judges.Select(judge => new[]
        {
            Html.Text(judge.Judge),
            Html.Text(QualityView.Describe(judge.Agreement.Accuracy, "comparisons that people tell apart")),
            Number(judge.Agreement.Kappa),
        });
        var alpha =
            figures.Twice == 0
                ? "No comparison was judged by two people yet."
                : $"Krippendorff's alpha is {Number(figures.Alpha)} over {Html.Count(figures.Twice)} {(figures.Twice == 1 ? "comparison" : "comparisons")} that two people judged; 1 is full agreement, 0 that of chance.";
        return Html.Section(
                "people",
                "Who has judged",
                "A first: of the verdicts for one answer, those for the one that was shown first.",
                Html.Table("People", ["Person", "Judged", "Ties", "Skipped", "Median", "A first"], people, "figures"))
            + Html.Section(
                "agreement",
                "How far people agree",
                alpha,
                figures.Two.Count == 0 ? "" : Html.Table("Two people", ["People", "Both judged", "Cohen's kappa"], two, "figures"))
            + (
                figures.Judges.Count == 0
                    ? ""
                    : Html.Section(
                        "measured",
                        "Judges against people",
                        "Of the answers that people judged, by the first verdict.",
                        Html.Table("Judges against people", ["Judge", "Agrees", "Kappa"], judges, "figures")));
    }

    private static string Number(double? value) =>
        value is { } known ? known.ToString("0.00", CultureInfo.InvariantCulture).Replace('-', '−') : "—";
}

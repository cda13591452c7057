using System.Globalization;
using System.Text.RegularExpressions;
using IterativeDpo.Generation.Tasks;

namespace IterativeDpo.Generation.Tests.Tasks;

/// <summary>Every open task's rule, held against what its question asks for in words.</summary>
public class OpenTasksTests
{
    public static TheoryData<string> Names => [.. TaskTable.Open.Select(task => task.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Draw_anyQuestion_hasAnAnswerThatIsRightAndASloppyOneThatIsNot(string name) => Assert.All(Draw(name), problem =>
    {
        Assert.True(IsRight(name, problem.Question, problem.Answer), $"{problem.Question} {problem.Answer}");
        Assert.False(IsRight(name, problem.Question, problem.Sloppy), $"{problem.Question} {problem.Sloppy}");
    });

    [Theory]
    [MemberData(nameof(Names))]
    public void Draw_anyQuestion_hasARuleThatTellsRightFromWrong(string name)
    {
        var problems = Draw(name);
        // Another question's answer is right here now and then, and so is a word turned round.
        for (var i = 1; i < problems.Length; i++)
        {
            var (question, answer) = (problems[i].Question, problems[i].Answer);
            foreach (var text in new[]
                {
                    answer,
                    problems[i].Sloppy,
                    problems[i - 1].Answer,
                    Words(question)[^1],
                    string.Concat(Words(question)[^1].Reverse()),
                    Twice(answer),
                    "",
                })
            {
                Assert.True(IsRight(name, question, text) == Accepts(problems[i].Rule!, text), $"{question} \"{text}\"");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Draw_manyQuestions_useTwoPhrasings(string name) =>
        Assert.Equal(2, Draw(name).Select(problem => problem.Question.Split(' ')[0]).Distinct().Count());

    [Theory]
    [MemberData(nameof(Names))]
    public void Draw_anyQuestion_hasAnAnswerUnderThirtyBytes(string name) =>
        Assert.All(Draw(name), problem => Assert.InRange(problem.Answer.Length, 1, 29));

    [Fact]
    public void Prompts_ofOpenTasks_areCheckedByTheRule()
    {
        var prompt = TaskGenerator.Prompts(1, ["word-without"], 1, Split.Train).Single();

        var check = Assert.Single(prompt.Checks);
        Assert.Equal("regex", check.Kind);
        Assert.StartsWith("^[a-z-[", check.Value, StringComparison.Ordinal);
    }

    [Fact]
    public void Prompts_hundredHeldOutOfEveryOpenTask_areThere() =>
        Assert.Equal(
            600,
            TaskGenerator
                .Prompts(0, [.. TaskTable.Open.Select(task => task.Name)], 600, Split.HeldOut)
                .Select(prompt => prompt.Id)
                .Distinct()
                .Count());

    private static TaskProblem[] Draw(string name)
    {
        var random = new SplitMix64(11);
        return [.. Enumerable.Range(0, 400).Select(_ => TaskTable.Get(name).Draw(random))];
    }

    private static bool IsRight(string task, string question, string text)
    {
        var asked = Words(question);
        return task switch
        {
            "shuffle" => text != asked[^1] && text.Order().SequenceEqual(asked[^1].Order()),
            "word-with" => IsWord(text, 4, 8) && asked[4..].Where(IsLetter).All(text.Contains),
            "word-without" => IsWord(text, 4, 7) && !text.Intersect(asked[^1]).Any(),
            "between" => int.TryParse(text, out var number) && number >= Number(asked[^3]) && number <= Number(asked[^1]),
            "pick" => text.Split(' ') is { Length: 3 } picked && picked.Distinct().Count() == 3 && picked.All(asked[^5..].Contains),
            "word-ends" => IsWord(text, asked.Max(Number), asked.Max(Number))
                && text[0] == asked[4..].First(IsLetter)[0]
                && text[^1] == asked[^1][0],
            _ => throw new ArgumentException(task),
        };
    }

    private static bool Accepts(string rule, string text) => rule.Split('±') is [var middle, var width]
        ? int.TryParse(text, out var number)
            && Math.Abs(number - decimal.Parse(middle, CultureInfo.InvariantCulture))
                <= decimal.Parse(width, CultureInfo.InvariantCulture)
        : Regex.IsMatch(text, rule);

    private static string[] Words(string question) => question.Split([' ', ',', '.', ':'], StringSplitOptions.RemoveEmptyEntries);

    private static string Twice(string text) => $"{text} {text}";

    private static bool IsWord(string text, int shortest, int longest) =>
        text.Length >= shortest && text.Length <= longest && text.All(char.IsAsciiLetterLower);

    private static bool IsLetter(string word) => word.Length == 1 && char.IsAsciiLetterLower(word[0]);

    private static int Number(string word) => int.TryParse(word, out var number) ? number : 0;
}

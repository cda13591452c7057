using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using IterativeDpo.Generation.Tasks;

namespace IterativeDpo.Generation.Tests.Tasks;

/// <summary>Every task's answers, worked out once more from the question alone.</summary>
public partial class TaskTableTests
{
    private static readonly string[] Ordinals = ["first", "second", "third", "fourth"];

    public static TheoryData<string> Names => [.. TaskTable.All.Select(task => task.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Draw_anyQuestion_hasTheAnswerThatTheQuestionAsksFor(string name) =>
        Assert.All(Draw(name), problem => Assert.Equal(Solve(name, problem.Question), problem.Answer));

    [Theory]
    [MemberData(nameof(Names))]
    public void Draw_anyQuestion_hasASloppyAnswerThatIsWrong(string name) =>
        Assert.All(Draw(name), problem => Assert.NotEqual(Canonical(name, problem.Answer), Canonical(name, problem.Sloppy)));

    [Theory]
    [MemberData(nameof(Names))]
    public void Draw_anyQuestion_hasAnAnswerUnderThirtyBytes(string name) =>
        Assert.All(Draw(name), problem => Assert.InRange(problem.Answer.Length, 1, 29));

    [Theory]
    [MemberData(nameof(Names))]
    public void Draw_manyQuestions_useTwoPhrasings(string name) =>
        Assert.Equal(2, Draw(name).Select(problem => problem.Question.Split(' ')[0]).Distinct().Count());

    [Fact]
    public void Chatty_anyAnswer_wrapsIt()
    {
        var random = new SplitMix64(1);
        var problem = new TaskProblem("", "", "42", "41");

        var chatty = Enumerable.Range(0, 20).Select(_ => NoisyAnswers.Chatty(random, problem)).Distinct().Order(StringComparer.Ordinal);

        Assert.Equal(["Sure! 42", "The answer is 42."], chatty);
    }

    private static TaskProblem[] Draw(string name)
    {
        var random = new SplitMix64(11);
        return [.. Enumerable.Range(0, 400).Select(_ => TaskTable.Get(name).Draw(random))];
    }

    private static string Canonical(string task, string answer)
    {
        try
        {
            return task.StartsWith("json", StringComparison.Ordinal) ? JsonElement.Parse(answer).GetRawText() : answer;
        }
        catch (JsonException)
        {
            return "not JSON";
        }
    }

    private static string Solve(string task, string question)
    {
        var numbers = NumberPattern().Matches(question).Select(match => int.Parse(match.Value, CultureInfo.InvariantCulture)).ToArray();
        var words = WordPattern().Matches(question).Select(match => match.Value).ToArray();
        return task switch
        {
            "add" => $"{numbers.Sum()}",
            "sub" => $"{numbers.Max() - numbers.Min()}",
            "compare" => $"{numbers.Max()}",
            "sort-numbers" => string.Join(" ", numbers.Order()),
            "reverse" => string.Concat((words[0] == "Write" ? words[1] : words[3]).Reverse()),
            "sort-letters" => string.Concat(words[4].Order()),
            "count" => words[0] == "How" ? $"{words[6].Count(c => c == words[4][0])}" : $"{words[5].Count(c => c == words[3][0])}",
            "nth-word" => NthWord(question, numbers),
            "initials" => string.Concat(words[^3..].Select(word => char.ToUpperInvariant(word[0]))),
            "capitals" => (words[0] == "Write" ? words[1] : words[3]).ToUpperInvariant(),
            "json-object" => JsonSerializer.Serialize(new { name = words[words[0] == "Write" ? 4 : 5], age = numbers[0] }),
            "json-list" => JsonSerializer.Serialize(words[^3..]),
            _ => throw new ArgumentException(task),
        };
    }

    private static string NthWord(string question, int[] numbers)
    {
        var at = numbers.Length > 0 ? numbers[0] - 1 : Array.FindIndex(Ordinals, question.Contains);
        return question.Split(": ")[1].Split(' ')[at];
    }

    [GeneratedRegex(@"\d+")]
    private static partial Regex NumberPattern();

    [GeneratedRegex("[A-Za-z]+")]
    private static partial Regex WordPattern();
}

using IterativeDpo.Artifacts;
using IterativeDpo.Generation.Tasks;

namespace IterativeDpo.Generation.Tests.Tasks;

public class TaskGeneratorTests
{
    private static readonly string[] AllTasks = [.. TaskTable.All.Select(task => task.Name)];

    [Fact]
    public void Prompts_sameSeed_areTheSame()
    {
        var first = TaskGenerator.Prompts(5, AllTasks, 60, Split.Train);
        var second = TaskGenerator.Prompts(5, AllTasks, 60, Split.Train);

        Assert.Equal(first.Select(Describe), second.Select(Describe));
    }

    [Fact]
    public void Prompts_knownSeed_areTheSameOnEveryMachine() =>
        Assert.Equal(
            ["add-39d7e45845df Add 61 + 2. 63", "capitals-56d7d4ebd89b Write pugilat in capitals. PUGILAT"],
            TaskGenerator.Prompts(1, ["add", "capitals"], 2, Split.Train).Select(Describe));

    [Fact]
    public void Prompts_otherSeed_differ()
    {
        var first = TaskGenerator.Prompts(5, AllTasks, 60, Split.Train).Select(prompt => prompt.Id);
        var second = TaskGenerator.Prompts(6, AllTasks, 60, Split.Train).Select(prompt => prompt.Id);

        Assert.True(first.Intersect(second).Count() < 30);
    }

    [Fact]
    public void Prompts_hundredHeldOutOfEveryTask_areDistinctAndInTurn()
    {
        var prompts = TaskGenerator.Prompts(1, AllTasks, 1200, Split.HeldOut);

        Assert.Equal(1200, prompts.Select(prompt => prompt.Id).Distinct().Count());
        Assert.All(TaskTable.All, task => Assert.Equal(100, prompts.Count(prompt => prompt.Task == task.Name)));
        Assert.Equal(AllTasks, prompts.Take(12).Select(prompt => prompt.Task));
    }

    [Fact]
    public void Prompts_manyOfBothSides_shareNoQuestion()
    {
        var train = Enumerable
            .Range(0, 4)
            .SelectMany(seed => TaskGenerator.Prompts((ulong)seed, AllTasks, 2400, Split.Train))
            .Select(Question)
            .ToHashSet();
        var heldOut = TaskGenerator.Prompts(9, AllTasks, 1200, Split.HeldOut).Select(Question);

        Assert.DoesNotContain(heldOut, train.Contains);
    }

    [Fact]
    public void Draw_manyOfBothSides_shareNoContentAcrossPhrasings()
    {
        Assert.All(TaskTable.All, task =>
        {
            var random = new SplitMix64(3);
            var train = Enumerable.Range(0, 1500).Select(_ => TaskGenerator.Draw(random, task, Split.Train).Content).ToHashSet();
            var heldOut = Enumerable.Range(0, 300).Select(_ => TaskGenerator.Draw(random, task, Split.HeldOut).Content);

            Assert.DoesNotContain(heldOut, train.Contains);
        });
    }

    [Fact]
    public void Prompts_moreThanATaskHas_saysSo()
    {
        var error = Assert.Throws<UserInputException>(() => TaskGenerator.Prompts(1, ["add"], 500, Split.HeldOut));

        Assert.Contains("\"add\"", error.Message);
    }

    [Fact]
    public void Prompts_unknownTask_namesTheTasksThereAre()
    {
        var error = Assert.Throws<UserInputException>(() => TaskGenerator.Prompts(1, ["divide"], 1, Split.Train));

        Assert.Contains("\"divide\"", error.Message);
        Assert.Contains("sort-letters", error.Message);
    }

    [Fact]
    public void Prompts_noTask_saysSo() =>
        Assert.Throws<UserInputException>(() => TaskGenerator.Prompts(1, [], 1, Split.Train));

    private static string Question(Prompt prompt) => prompt.Messages![0].Content!;

    private static string Describe(Prompt prompt) => $"{prompt.Id} {Question(prompt)} {prompt.Checks[0].Value}";
}

using System.Text;
using IterativeDpo.Artifacts;

namespace IterativeDpo.Generation.Tasks;

/// <summary>Makes prompts with checkable answers from a seed. Train and held-out prompts share no content.</summary>
public static class TaskGenerator
{
    /// <summary>A task with so many fresh draws that bring nothing new has no more to give.</summary>
    private const int MostFruitlessDraws = 2_000;

    /// <summary>Prompts that all differ in content, the tasks by turns.</summary>
    /// <param name="count">Prompts in all, over every task.</param>
    /// <param name="taken">Ids of prompts that must not come again; null is none.</param>
    /// <exception cref="UserInputException">An unknown task, or one without that many questions.</exception>
    public static IReadOnlyList<Prompt> Prompts(
        ulong seed,
        IReadOnlyList<string> tasks,
        int count,
        Split split,
        IReadOnlySet<string>? taken = null)
    {
        var families = tasks.Select(TaskTable.Get).ToArray();
        if (families.Length == 0)
        {
            throw new UserInputException("No tasks are named; name at least one.");
        }
        var random = new SplitMix64(SampleSeed.Derive(seed, 0, "tasks", (int)split));
        var seen = new HashSet<(string Task, string Content)>();
        var prompts = new List<Prompt>(count);
        for (var i = 0; i < count; i++)
        {
            var family = families[i % families.Length];
            prompts.Add(DrawNew(random, family, split, seen, taken));
        }
        return prompts;
    }

    /// <summary>One question of this side; questions may come again.</summary>
    public static TaskProblem Draw(SplitMix64 random, TaskFamily family, Split split)
    {
        while (true)
        {
            var problem = family.Draw(random);
            if (PromptSplit.Of($"{family.Name} {problem.Content}") == split)
            {
                return problem;
            }
        }
    }

    /// <summary>The question as a prompt: its id is the task and a digest of the question, the same in every run.</summary>
    public static Prompt ToPrompt(TaskFamily family, TaskProblem problem) => new(
        $"{family.Name}-{Digest.Of(Encoding.UTF8.GetBytes(problem.Question)).Short}",
        [new ChatMessage("user", problem.Question)],
        null,
        family.Name,
        [new AnswerCheck(family.CheckKind, problem.Rule ?? problem.Answer)]);

    private static Prompt DrawNew(
        SplitMix64 random,
        TaskFamily family,
        Split split,
        HashSet<(string, string)> seen,
        IReadOnlySet<string>? taken)
    {
        for (var i = 0; i < MostFruitlessDraws; i++)
        {
            var problem = Draw(random, family, split);
            if (seen.Add((family.Name, problem.Content)) && ToPrompt(family, problem) is var prompt && taken?.Contains(prompt.Id) != true)
            {
                return prompt;
            }
        }
        throw new UserInputException(
            $"Task \"{family.Name}\" has about {seen.Count(item => item.Item1 == family.Name)} {split} questions and more were asked for; ask for fewer prompts or name more tasks.");
    }
}

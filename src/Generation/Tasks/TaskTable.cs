using IterativeDpo.Artifacts;

namespace IterativeDpo.Generation.Tasks;

/// <summary>The tasks, in the order of reports.</summary>
public static class TaskTable
{
    /// <summary>Those with one right answer to a question: what the seed policy learns.</summary>
    public static IReadOnlyList<TaskFamily> All { get; } =
    [
        new("add", "exact", AddTask.Draw),
        new("sub", "exact", SubtractTask.Draw),
        new("reverse", "exact", ReverseTask.Draw),
        new("sort-letters", "exact", SortLettersTask.Draw),
        new("sort-numbers", "exact", SortNumbersTask.Draw),
        new("count", "exact", CountLetterTask.Draw),
        new("compare", "exact", CompareTask.Draw),
        new("nth-word", "exact", NthWordTask.Draw),
        new("json-object", "json", JsonObjectTask.Draw),
        new("initials", "exact", InitialsTask.Draw),
        new("capitals", "exact", CapitalsTask.Draw),
        new("json-list", "json", JsonListTask.Draw),
    ];

    /// <summary>Those with many right answers to a question, some of them easier than others: what the open seed policy learns.</summary>
    public static IReadOnlyList<TaskFamily> Open { get; } =
    [
        new("shuffle", "regex", ShuffleTask.Draw),
        new("word-with", "regex", WordWithTask.Draw),
        new("word-without", "regex", WordWithoutTask.Draw),
        new("between", "numeric", BetweenTask.Draw),
        new("pick", "regex", PickTask.Draw),
        new("word-ends", "regex", WordEndsTask.Draw),
    ];

    /// <summary>The names of both.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All.Concat(Open).Select(task => task.Name)];

    /// <exception cref="UserInputException">No task has this name.</exception>
    public static TaskFamily Get(string name) =>
        All.Concat(Open).FirstOrDefault(task => task.Name == name)
        ?? throw new UserInputException($"There is no task \"{name}\". The tasks are: {string.Join(", ", Names)}.");
}

using IterativeDpo.Artifacts;

namespace IterativeDpo.Generation.Tasks;

/// <summary>Every task there is, in the order of reports.</summary>
public static class TaskTable
{
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

    /// <exception cref="UserInputException">No task has this name.</exception>
    public static TaskFamily Get(string name) =>
        All.FirstOrDefault(task => task.Name == name)
        ?? throw new UserInputException($"There is no task \"{name}\". The tasks are: {string.Join(", ", All.Select(task => task.Name))}.");
}

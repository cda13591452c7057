namespace IterativeDpo.Generation.Tasks;

/// <summary>Writes a name and an age as a JSON object.</summary>
internal static class JsonObjectTask
{
    public static TaskProblem Draw(SplitMix64 random)
    {
        var name = Words.Draw(random);
        var age = random.Between(10, 99);
        return new(
            $"{name} {age}",
            random.Pick([$"Write JSON with name {name} and age {age}.", $"Make a JSON object: name {name}, age {age}"]),
            $$"""{"name":"{{name}}","age":{{age}}}""",
            random.Pick([$$"""{"name":{{name}},"age":{{age}}}""", $$"""{'name':'{{name}}','age':{{age}}}"""]));
    }
}

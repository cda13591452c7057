using System.Text.RegularExpressions;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Text;
using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Llm;

/// <summary>
/// What a judge asks a model, as text with variables such as <c>{prompt}</c>. Lines <c>[system]</c>, <c>[user]</c> and
/// <c>[assistant]</c> open the turns of a conversation. <c>{{prompt}}</c> is the text <c>{prompt}</c>; other braces are themselves.
/// </summary>
/// <param name="Path">Where it was read.</param>
/// <param name="Text">The whole file, line ends as <c>\n</c>.</param>
public sealed partial record PromptTemplate(string Path, string Text)
{
    /// <exception cref="UserInputException">
    /// No such file, no turns, a last turn that is not the user's, a variable that is none of these, or one of the required nowhere.
    /// </exception>
    public static PromptTemplate Read(string path, IReadOnlyList<string> required, params string[] optional)
    {
        var template = new PromptTemplate(path, TextFile.Read(path).ReplaceLineEndings("\n"));
        string[] known = [.. required, .. optional];
        var used = template.Variables().ToArray();
        if (used.FirstOrDefault(variable => !known.Contains(variable.Name)) is { Name: not null } unknown)
        {
            throw new UserInputException(
                $"{path}, line {unknown.Line}: {{{unknown.Name}}} is no variable of this template; there are {Spell(known)}. "
                + $"For the text itself write {{{{{unknown.Name}}}}}.");
        }
        if (required.FirstOrDefault(name => !used.Any(variable => variable.Name == name)) is { } missing)
        {
            throw new UserInputException(
                $"{path}, line {template.Text.Count(c => c == '\n') + 1}: the template ends without {{{missing}}}; it needs {Spell(required)}.");
        }
        template.CheckTurns();
        return template;
    }

    /// <summary>The conversation with a value in the place of each variable; braces in values mean nothing.</summary>
    public IReadOnlyList<ChatMessage> Resolve(IReadOnlyDictionary<string, string> values)
    {
        var parts = Turn().Split(Text);
        return [.. parts[1..].Chunk(2).Select(turn => new ChatMessage(turn[0], Resolve(turn[1].Trim(), values)))];
    }

    /// <summary>A conversation like those of the template, each variable as its own value.</summary>
    public IReadOnlyList<ChatMessage> Example() =>
        Resolve(Variables().Select(variable => variable.Name).Distinct().ToDictionary(name => name));

    /// <summary>A conversation in the form that templates have.</summary>
    public static string Write(IEnumerable<ChatMessage> turns) =>
        string.Join("\n\n", turns.Select(turn => $"[{turn.Role}]\n{turn.Content}"));

    private static string Resolve(string text, IReadOnlyDictionary<string, string> values) => Variable().Replace(
        text, match => match.Groups["name"] is { Success: true } name ? values[name.Value] : match.Value[1..^1]);

    private IEnumerable<(string Name, int Line)> Variables() => Variable().Matches(Text)
        .Where(match => match.Groups["name"].Success)
        .Select(match => (match.Groups["name"].Value, Text.AsSpan(0, match.Index).Count('\n') + 1));

    private void CheckTurns()
    {
        var parts = Turn().Split(Text);
        if (parts.Length == 1 || parts[0].Trim().Length > 0)
        {
            throw new UserInputException(
                $"{Path}, line 1: a template begins with a line [system] or [user], which says whose turn follows.");
        }
        if (parts[^2] != "user")
        {
            throw new UserInputException(
                $"{Path}, line {Turn().Matches(Text)[^1].Value.Count(c => c == '\n') + Text.AsSpan(0, Turn().Matches(Text)[^1].Index).Count('\n') + 1}: "
                + $"the last turn is [{parts[^2]}]; it must be [user], because the model answers it.");
        }
    }

    private static string Spell(IEnumerable<string> names) => string.Join(", ", names.Select(name => $"{{{name}}}"));

    [GeneratedRegex(@"\{\{[a-z_]+\}\}|\{(?<name>[a-z_]+)\}")]
    private static partial Regex Variable();

    [GeneratedRegex(@"^\[(system|user|assistant)\][ \t]*$", RegexOptions.Multiline)]
    private static partial Regex Turn();
}

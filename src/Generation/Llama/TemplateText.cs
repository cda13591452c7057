using System.Text;
using System.Text.RegularExpressions;

namespace IterativeDpo.Generation.Llama;

/// <summary>A condition of a chat template, as it is written.</summary>
/// <param name="Negated">Whether it must not hold: the branch is its <c>else</c>.</param>
internal sealed record TemplateCondition(string Text, bool Negated);

internal enum TemplatePartKind { Literal, Role, Bos, End, Content, Other }

/// <summary>A part of what a template writes at once.</summary>
/// <param name="Literals">Its text without escapes; of other kinds those that may be written in its place.</param>
internal sealed record TemplatePart(TemplatePartKind Kind, IReadOnlyList<string> Literals);

/// <summary>What a chat template writes, or keeps in a variable to be written, at once: parts one behind the other.</summary>
internal sealed record TemplateOutput(IReadOnlyList<TemplatePart> Parts, IReadOnlyList<TemplateCondition> Conditions, bool IsKept);

/// <summary>
/// What can be said of a chat template (Jinja) without running it: what it writes, and under which conditions. Read with
/// <c>trim_blocks</c> and <c>lstrip_blocks</c>, as transformers does.
/// </summary>
internal sealed partial class TemplateText
{
    private readonly List<TemplateOutput> _outputs = [];
    private readonly List<List<TemplateCondition>> _open = [];

    public TemplateText(string template)
    {
        var at = 0;
        Match? last = null;
        foreach (Match tag in Tag().Matches(template))
        {
            AddBetween(template[at..tag.Index], last, tag);
            Read(tag);
            (at, last) = (tag.Index + tag.Length, tag);
        }
        AddBetween(template[at..], last, null);
    }

    public IReadOnlyList<TemplateOutput> Outputs => _outputs;

    /// <summary>Conditions under which it refuses a conversation.</summary>
    public List<IReadOnlyList<TemplateCondition>> Refusals { get; } = [];

    /// <summary>Text between two tags, without the white space that they take.</summary>
    private void AddBetween(string text, Match? before, Match? next)
    {
        if (before?.Groups["end"].Value == "-")
        {
            text = text.TrimStart();
        }
        else if (IsBlock(before) && text.StartsWith('\n'))
        {
            text = text[1..];
        }
        var line = text.LastIndexOf('\n') + 1;
        if (next?.Groups["begin"].Value == "-")
        {
            text = text.TrimEnd();
        }
        else if (IsBlock(next) && (line > 0 || before is null || IsBlock(before)) && text.AsSpan(line).IsWhiteSpace())
        {
            text = text[..line];
        }
        if (text.Length > 0)
        {
            _outputs.Add(new([new(TemplatePartKind.Literal, [text])], Conditions(), IsKept: false));
        }
    }

    private static bool IsBlock(Match? tag) => tag is not null && tag.Groups["kind"].Value != "{";

    private void Read(Match tag)
    {
        var inside = tag.Groups["inside"].Value.Trim();
        switch (tag.Groups["kind"].Value)
        {
            case "{":
                Add(inside, isKept: false);
                break;
            case "%":
                Statement(inside);
                break;
        }
    }

    private void Statement(string inside)
    {
        var end = inside.AsSpan().IndexOfAny(" \t\r\n(");
        var (word, rest) = end < 0 ? (inside, "") : (inside[..end], inside[end..]);
        switch (word)
        {
            case "if":
                _open.Add([new(rest, false)]);
                break;
            case "elif" when _open.Count > 0:
                _open[^1] = [.. Negated(_open[^1]), new(rest, false)];
                break;
            case "else" when _open.Count > 0:
                _open[^1] = Negated(_open[^1]);
                break;
            case "set" when rest.Contains('='):
                Add(rest[(rest.IndexOf('=') + 1)..].Trim(), isKept: true);
                break;
            case "for" or "macro" or "call":
                // Of a list that is not given there is nothing.
                _open.Add([new(rest, false)]);
                break;
            case "filter" or "generation" or "set":
                _open.Add([]);
                break;
            case var other when other.StartsWith("end", StringComparison.Ordinal) && _open.Count > 0:
                _open.RemoveAt(_open.Count - 1);
                break;
        }
    }

    private static List<TemplateCondition> Negated(List<TemplateCondition> branch) => [.. branch.Select(condition => condition with { Negated = true })];

    private TemplateCondition[] Conditions() => [.. _open.SelectMany(conditions => conditions)];

    private void Add(string expression, bool isKept)
    {
        if (expression.Contains("raise_exception", StringComparison.Ordinal))
        {
            Refusals.Add(Conditions());
            return;
        }
        var conditions = Condition().IsMatch(Literal().Replace(expression, "''")) ? [.. Conditions(), new TemplateCondition(expression, false)] : Conditions();
        _outputs.Add(new([.. Operands(expression).Select(PartOf)], conditions, isKept));
    }

    /// <summary>What is put one behind the other, by + or ~.</summary>
    private static IEnumerable<string> Operands(string expression)
    {
        var (depth, start) = (0, 0);
        var hidden = Literal().Replace(expression, literal => new string('s', literal.Length));
        for (var i = 0; i <= hidden.Length; i++)
        {
            depth += i == hidden.Length ? 0 : hidden[i] is '(' or '[' or '{' ? 1 : hidden[i] is ')' or ']' or '}' ? -1 : 0;
            if (i == hidden.Length || (depth == 0 && hidden[i] is '+' or '~'))
            {
                yield return expression[start..i].Trim();
                start = i + 1;
            }
        }
    }

    private static TemplatePart PartOf(string operand)
    {
        var bare = operand;
        while (bare is ['(', .., ')'])
        {
            bare = bare[1..^1].Trim();
        }
        if (Literal().Match(bare) is { Success: true } whole && whole.Length == bare.Length)
        {
            return new(TemplatePartKind.Literal, [Unescape(bare[1..^1])]);
        }
        var hidden = Literal().Replace(bare, "''");
        string[] literals = [.. Literal().Matches(bare).Where(literal => IsWritten(bare, literal)).Select(literal => Unescape(literal.Value[1..^1]))];
        return new(
            Condition().IsMatch(hidden) ? TemplatePartKind.Other
            : Role().IsMatch(bare) ? TemplatePartKind.Role
            : Content().IsMatch(bare) ? TemplatePartKind.Content
            : hidden == "bos_token" ? TemplatePartKind.Bos
            : hidden == "eos_token" ? TemplatePartKind.End
            : TemplatePartKind.Other,
            literals);
    }

    /// <summary>Neither compared with, nor a key, nor given to a function.</summary>
    private static bool IsWritten(string expression, Match literal)
    {
        var (before, behind) = (Literal().Replace(expression[..literal.Index], "").TrimEnd(), expression[(literal.Index + literal.Length)..].TrimStart());
        if (Before().IsMatch(before) || Behind().IsMatch(behind))
        {
            return false;
        }
        var groups = new Stack<bool>();
        for (var i = 0; i < before.Length; i++)
        {
            if (before[i] is '(' or '[' or '{')
            {
                groups.Push(before[i] == '(' && !(i > 0 && (char.IsLetterOrDigit(before[i - 1]) || before[i - 1] == '_')));
            }
            else if (before[i] is ')' or ']' or '}')
            {
                groups.TryPop(out _);
            }
        }
        return groups.All(group => group);
    }

    private static string Unescape(string text)
    {
        var result = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            var isEscape = text[i] == '\\' && i + 1 < text.Length;
            result.Append(!isEscape ? text[i] : text[++i] switch { 'n' => '\n', 't' => '\t', 'r' => '\r', var other => other });
        }
        return result.ToString();
    }

    // The quotes are no part of what stands between them: so nothing is tried twice, whatever the template.
    [GeneratedRegex(
        @"\{(?<kind>#)(?<begin>-?).*?(?<end>-?)#\}|\{(?<kind>[{%])(?<begin>[-+]?)(?<inside>(?:'(?:[^'\\]|\\.)*'|""(?:[^""\\]|\\.)*""|[^'""])*?)(?<end>[-+]?)[}%]\}",
        RegexOptions.Singleline)]
    private static partial Regex Tag();

    [GeneratedRegex(@"'(?:[^'\\]|\\.)*'|""(?:[^""\\]|\\.)*""", RegexOptions.Singleline)]
    private static partial Regex Literal();

    [GeneratedRegex(@"\bif\b|\bor\b|\band\b")]
    private static partial Regex Condition();

    [GeneratedRegex(@"(==|!=|\bin|\bis|\bnot)$")]
    private static partial Regex Before();

    [GeneratedRegex(@"^(==|!=|in\b|not in\b|\.)")]
    private static partial Regex Behind();

    [GeneratedRegex(@"(\.|^)role$|\[\s*['""]role['""]\s*\]$")]
    private static partial Regex Role();

    [GeneratedRegex(@"\.content\b|\[\s*['""]content['""]\s*\]")]
    private static partial Regex Content();
}

using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace IterativeDpo.Generation.Llama;

/// <summary>
/// Whether llama.cpp shows a conversation as the model's chat template says. It does not run the template, but takes one of its own
/// formats by some marker in it; here what this format gives is compared with what the template writes (docs/decisions/016).
/// </summary>
/// <param name="template">The chat template, in Jinja.</param>
/// <param name="bos">The text of the BOS token, or null.</param>
/// <param name="end">The text of the end token, or null.</param>
/// <param name="render">llama.cpp's own format: of some turns, and whether the assistant's turn is opened behind them.</param>
internal sealed partial class ChatFormat(string template, string? bos, string? end, Func<IReadOnlyList<ChatMessage>, bool, string> render)
{
    private const string Own = "llama.cpp's own format for such templates";

    // In the place of what is said: private use characters.
    private const char MarkBegin = '\uE000', MarkEnd = '\uE001';

    private static readonly string[][] _examples =
        [["user"], ["system", "user"], ["user", "assistant"], ["user", "assistant", "user"], ["system", "user", "assistant", "user", "assistant"]];

    private readonly TemplateText _text = new(template);
    private readonly ConcurrentDictionary<string, string?> _problems = [];
    private string[]? _shown;

    /// <summary>Makes sure that a conversation of these roles is shown as the template says.</summary>
    /// <exception cref="ConversationException">It is not: says what differs, and the way out.</exception>
    public void Check(IReadOnlyList<ChatMessage> turns, bool openAssistant)
    {
        string[] roles = [.. turns.Select(turn => turn.Role)];
        if (roles.Length > 0 && _problems.GetOrAdd($"{string.Join(' ', roles)} {openAssistant}", _ => ProblemOf(roles, openAssistant)) is { } problem)
        {
            throw new ConversationException(
                $"the model's chat template (tokenizer.chat_template) would not be shown as it is written: {problem}. "
                + "Give texts that were put through the template (docs/prompts.md), or take a model with another template");
        }
    }

    private string? ProblemOf(string[] roles, bool openAssistant)
    {
        var hasSystem = roles[0] == "system";
        _shown ??= [.. _examples.SelectMany(example => new[] { Render(example, true), Render(example, false) })];
        foreach (var output in _text.Outputs.Where(output => Applies(output.Conditions, hasSystem)))
        {
            if (output.Parts.SelectMany(TextsOf).FirstOrDefault(text => !IsShown(text)) is { } lost)
            {
                var where = hasSystem || Applies(output.Conditions, hasSystem: true) ? "" : " where there is no system message";
                return $"it writes {Quote(lost)}{where}, and {Own} does not";
            }
        }
        if (hasSystem && _text.Refusals.Any(conditions => conditions.Any(condition => AsksForSystem(condition) == true)))
        {
            return $"it refuses system messages, and {Own} shows them";
        }
        var shown = Render(roles, openAssistant);
        var reached = new TemplateWriting(_text, shown, bos, end, Mark()).Reach();
        return reached == shown.Length ? null : $"{Own} writes {Quote(Mark().Replace(shown[reached..], "…"))} where it does not";
    }

    private IEnumerable<string> TextsOf(TemplatePart part) => part.Kind == TemplatePartKind.End && end is not null ? [end] : part.Literals;

    private string Render(string[] roles, bool openAssistant) =>
        render([.. roles.Select((role, i) => new ChatMessage(role, $"{MarkBegin}{i}{MarkEnd}"))], openAssistant);

    private bool IsShown(string text) => string.IsNullOrWhiteSpace(text) || _shown!.Any(shown => shown.Contains(text, StringComparison.Ordinal));

    /// <summary>Whether what has these conditions may be written where no tools, documents or settings are given.</summary>
    private static bool Applies(IReadOnlyList<TemplateCondition> conditions, bool hasSystem) => !conditions.Any(condition =>
        IsOfExtras(condition) || IsOfTheEnd(condition) || (AsksForSystem(condition) is { } asks && asks != hasSystem));

    /// <summary>What stands behind the last turn is left out, see <see cref="ITextTokenizer.EncodeCompletion"/>.</summary>
    private static bool IsOfTheEnd(TemplateCondition condition) => condition.Negated && condition.Text.Contains("add_generation_prompt", StringComparison.Ordinal);

    private static bool IsOfExtras(TemplateCondition condition) => !condition.Negated && Extras().IsMatch(NotGiven().Replace(condition.Text, ""));

    /// <summary>Whether it holds with a system message (true), without (false), or has nothing to do with it.</summary>
    private static bool? AsksForSystem(TemplateCondition condition) => BeginsWithSystem().IsMatch(condition.Text) ? !condition.Negated
        : BeginsWithout().IsMatch(condition.Text) ? condition.Negated
        : TurnIsSystem().IsMatch(condition.Text) && !condition.Negated ? true : null;

    private static string Quote(string text) => $"\"{(text.Length <= 60 ? text : text[..60] + "…").Replace("\n", "\\n", StringComparison.Ordinal)}\"";

    [GeneratedRegex("\uE000[0-9]+\uE001")]
    private static partial Regex Mark();

    [GeneratedRegex(
        "tool|function|document|builtin|image|video|audio|citation|safety|thinking|controls|available|is mapping|is iterable|is not string|is sequence",
        RegexOptions.IgnoreCase)]
    private static partial Regex Extras();

    /// <summary>Said of what is not given: it holds.</summary>
    [GeneratedRegex(@"\bnot\s+[\w.\[\]'""]+|[\w.\[\]'""]+\s+is\s+(not\s+defined|undefined|none|not\s+true)|[\w.\[\]'""]+\s*==\s*none", RegexOptions.IgnoreCase)]
    private static partial Regex NotGiven();

    [GeneratedRegex(@"messages\s*\[\s*0\s*\]\s*(\.role|\[\s*['""]role['""]\s*\])\s*==\s*['""]system['""]")]
    private static partial Regex BeginsWithSystem();

    [GeneratedRegex(@"messages\s*\[\s*0\s*\]\s*(\.role|\[\s*['""]role['""]\s*\])\s*!=\s*['""]system['""]")]
    private static partial Regex BeginsWithout();

    [GeneratedRegex(@"^\W*\w+(\.role|\[\s*['""]role['""]\s*\])\s*==\s*['""]system['""]\W*$")]
    private static partial Regex TurnIsSystem();
}

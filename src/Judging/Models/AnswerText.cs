using System.Text.RegularExpressions;

namespace IterativeDpo.Judging.Models;

/// <summary>What a judging model says, without what it thought before: a guess on the way is no verdict.</summary>
public static partial class AnswerText
{
    /// <param name="text">All that the model wrote.</param>
    /// <param name="isCut">Whether it ended at the limit of tokens.</param>
    /// <exception cref="JudgeModelException">It did not come to its answer.</exception>
    public static string Of(string text, bool isCut)
    {
        // A template may begin the thoughts itself: then only their end is in the text.
        var answer = ThoughtsEnd().Matches(text) is [.., var end] ? text[(end.Index + end.Length)..] : text;
        if (ThoughtsStart().IsMatch(answer))
        {
            throw new JudgeModelException(
                "the model's answer ends within its thoughts; give it more max-tokens, or ask a model that does not think");
        }
        return isCut ? throw new JudgeModelException("the model's answer is cut at max-tokens; raise that setting of the judge's") : answer;
    }

    [GeneratedRegex(@"</think(ing)?>|\[/THINK\]", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex ThoughtsEnd();

    [GeneratedRegex(@"<think(ing)?>|\[THINK\]", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex ThoughtsStart();
}

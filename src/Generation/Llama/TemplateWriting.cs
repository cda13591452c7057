using System.Text.RegularExpressions;

namespace IterativeDpo.Generation.Llama;

/// <summary>Tries to write a text with the outputs of a chat template, in any order and as often as it takes.</summary>
/// <param name="shown">The text, with a mark in the place of what each turn says.</param>
internal sealed class TemplateWriting(TemplateText template, string shown, string? bos, string? end, Regex mark)
{
    /// <summary>How often what a variable holds may have been made of another's.</summary>
    private const int Depth = 3;

    private readonly TemplateOutput[] _kept = [.. template.Outputs.Where(output => output.IsKept)];
    private readonly Dictionary<(int At, int Depth), SortedSet<int>> _keptFrom = [];

    /// <returns>How much of the text can be written from its beginning.</returns>
    public int Reach() => Written(0, template.Outputs, Depth).Max;

    /// <summary>Every place that outputs one behind the other can go on to from a place.</summary>
    private SortedSet<int> Written(int from, IReadOnlyList<TemplateOutput> outputs, int depth)
    {
        var reached = new SortedSet<int> { from };
        for (int? at = from; at is { } start; at = reached.Where(place => place > start).Cast<int?>().FirstOrDefault())
        {
            foreach (var output in outputs)
            {
                int[] places = [start];
                foreach (var part in output.Parts)
                {
                    places = [.. places.SelectMany(place => Behind(place, part, depth)).Distinct()];
                }
                reached.UnionWith(places);
            }
        }
        return reached;
    }

    private SortedSet<int> WrittenByKept(int from, int depth)
    {
        if (!_keptFrom.TryGetValue((from, depth), out var reached))
        {
            _keptFrom[(from, depth)] = reached = Written(from, _kept, depth);
        }
        return reached;
    }

    /// <summary>The places where a part may end that begins at one.</summary>
    private IEnumerable<int> Behind(int at, TemplatePart part, int depth)
    {
        IEnumerable<string> texts = part.Kind switch
        {
            TemplatePartKind.Literal => part.Literals,
            TemplatePartKind.Role => ChatMessage.Roles,
            TemplatePartKind.Bos => [bos ?? "", ""],
            TemplatePartKind.End => [end ?? ""],
            TemplatePartKind.Content => [],
            _ => [.. part.Literals, ""],
        };
        foreach (var text in texts.Where(text => string.CompareOrdinal(shown, at, text, 0, text.Length) == 0))
        {
            yield return at + text.Length;
        }
        if (part.Kind is TemplatePartKind.Content or TemplatePartKind.Other && mark.Match(shown, at) is { Success: true } said && said.Index == at)
        {
            yield return at + said.Length;
        }
        if (part.Kind is TemplatePartKind.Other or TemplatePartKind.Role && depth > 0)
        {
            foreach (var place in WrittenByKept(at, depth - 1))
            {
                yield return place;
            }
        }
    }
}

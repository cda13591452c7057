using System.Text.RegularExpressions;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Training;

/// <summary>
/// Which maps of a model an adapter is on. A pattern is the name of a map in every block (<c>attn_q</c>) or in one (<c>blk.3.attn_q</c>),
/// with <c>*</c> for any characters and <c>[0-3]</c> for a number in that range; <c>all</c> is every map. Where a model has maps fused
/// (<see cref="ModelArchitecture.Fused"/>), the name of a part is the whole's; the maps of a dense feed-forward mean those of all experts,
/// and where blocks convolve, attention's names are those of what they have in its place.
/// </summary>
public static class LoraTargets
{
    /// <summary>Whether only a model can tell what the text matches: it is not just the name of a map.</summary>
    public static bool IsPattern(string text) => text == "all" || text.AsSpan().ContainsAny('*', '[', '.');

    /// <summary>The tensors that an adapter has updates for, in the model's order.</summary>
    /// <exception cref="UserInputException">There is no pattern, one matches no map, or the rank is over the smallest matrix's
    /// side.</exception>
    public static IReadOnlyList<string> Of(LoraOptions options, ModelConfig config)
    {
        var tensors = Resolve(options.Targets, config);
        var smallest = tensors.Min(tensor => tensor.Shape[^2..].Min());
        return options.Rank >= 1 && options.Rank <= smallest ? [.. tensors.Select(tensor => tensor.Name)] : throw new UserInputException(
            $"LoRA rank {options.Rank} is outside 1 to {smallest}, the smallest side of the targets' matrices. Choose a lower rank, or other targets.");
    }

    /// <summary>The pattern of one tensor alone.</summary>
    public static string Exactly(string tensor) => tensor[..tensor.LastIndexOf('.')];

    private static IReadOnlyList<TensorSpec> Resolve(IReadOnlyList<string> patterns, ModelConfig config)
    {
        if (patterns.Count == 0)
        {
            throw new UserInputException("There is no LoRA target. Name one at least, or all.");
        }
        var matched = new HashSet<string>();
        foreach (var pattern in patterns)
        {
            var expression = Expression(pattern, config.Layers);
            var names = config
                .ListBlockMaps()
                .Select(tensor => tensor.Name)
                .Where(name => IsMatch(expression, Exactly(name), config.Architecture))
                .ToList();
            if (names.Count == 0)
            {
                throw new UserInputException(
                    $"LoRA target '{pattern}' matches no map of the model. Its maps are {string.Join(", ", config.Maps)} in the blocks "
                    + $"blk.0 to blk.{config.Layers - 1}, as in attn_q, ffn_*, blk.[0-3].attn_v or all.");
            }
            matched.UnionWith(names);
        }
        return [.. config.ListBlockMaps().Where(tensor => matched.Contains(tensor.Name))];
    }

    private static bool IsMatch(Regex expression, string blockMap, ModelArchitecture architecture)
    {
        // blk.N.map, and a map's name may have a dot too.
        var start = blockMap.IndexOf('.', "blk.".Length) + 1;
        var (block, map) = (blockMap[..start], blockMap[start..]);
        return architecture.PartsOf(map).Prepend(map).Any(name => expression.IsMatch(block + name) || expression.IsMatch(name));
    }

    private static Regex Expression(string pattern, int layers)
    {
        var text = Regex.Escape(pattern == "all" ? "*" : pattern).Replace(@"\*", ".*", StringComparison.Ordinal);
        return new(
            $"^{Regex.Replace(text, @"\\\[(\d{1,6})-(\d{1,6})]", range => Numbers(Number(range.Groups[1]), Number(range.Groups[2])))}$");

        string Numbers(int first, int last) =>
            $"({string.Join('|', Enumerable.Range(0, layers).Where(number => number >= first && number <= last).DefaultIfEmpty(-1))})";
        static int Number(Group group) => int.Parse(group.ValueSpan);
    }
}

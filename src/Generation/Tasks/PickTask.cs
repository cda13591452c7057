namespace IterativeDpo.Generation.Tasks;

/// <summary>Names any three of five words, in any order.</summary>
internal static class PickTask
{
    public static TaskProblem Draw(SplitMix64 random)
    {
        var words = Words.DrawDistinct(random, 5, longest: 6);
        var text = string.Join(" ", words);
        var order = words.ToArray();
        random.Shuffle(order.AsSpan());
        var any = string.Join("|", words);
        return new(
            text,
            random.Pick([$"Pick three of: {text}", $"Choose any three: {text}"]),
            string.Join(" ", order[..3]),
            string.Join(" ", order[..2]),
            $@"^(?!.*\b(\w+)\b.*\b\1\b)({any})( ({any})){{2}}\z");
    }
}

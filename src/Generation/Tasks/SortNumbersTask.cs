namespace IterativeDpo.Generation.Tasks;

/// <summary>Puts three different numbers in rising order.</summary>
internal static class SortNumbersTask
{
    public static TaskProblem Draw(SplitMix64 random)
    {
        var numbers = DrawDistinct(random);
        var sorted = numbers.Order().ToArray();
        var wrong = random.Pick<int[]>([[sorted[1], sorted[0], sorted[2]], [sorted[0], sorted[2], sorted[1]], [.. sorted.Reverse()]]);
        return new(
            string.Join(" ", sorted),
            random.Pick([$"Sort these numbers: {string.Join(" ", numbers)}", $"Put {numbers[0]}, {numbers[1]} and {numbers[2]} in order."]),
            string.Join(" ", sorted),
            string.Join(" ", wrong));
    }

    private static int[] DrawDistinct(SplitMix64 random)
    {
        var numbers = new HashSet<int>();
        while (numbers.Count < 3)
        {
            numbers.Add(random.Between(1, 99));
        }
        int[] order = [.. numbers.Order()];
        random.Shuffle(order.AsSpan());
        return order;
    }
}

namespace IterativeDpo.Training;

/// <summary>Items grouped by a number, groups and items in the order they first appear; a few integers an item, whatever the groups.</summary>
internal sealed class PromptGroups
{
    private readonly int[] _items;
    private readonly int[] _starts;

    private PromptGroups(int[] items, int[] starts) => (_items, _starts) = (items, starts);

    public int Count => _starts.Length - 1;

    public ReadOnlySpan<int> this[int group] => _items.AsSpan(_starts[group].._starts[group + 1]);

    /// <param name="groupOf">An item's group, any number.</param>
    public static PromptGroups Of(int[] items, Func<int, int> groupOf)
    {
        var numbers = new Dictionary<int, int>();
        var groups = new int[items.Length];
        for (var i = 0; i < items.Length; i++)
        {
            var group = groupOf(items[i]);
            if (!numbers.TryGetValue(group, out groups[i]))
            {
                numbers.Add(group, groups[i] = numbers.Count);
            }
        }
        return Sort(items, groups, numbers.Count);
    }

    /// <summary>A counting sort: stable, in linear time.</summary>
    private static PromptGroups Sort(int[] items, int[] groups, int count)
    {
        var starts = new int[count + 1];
        foreach (var group in groups)
        {
            starts[group + 1]++;
        }
        for (var group = 0; group < count; group++)
        {
            starts[group + 1] += starts[group];
        }
        var next = starts[..count];
        var sorted = new int[items.Length];
        for (var i = 0; i < items.Length; i++)
        {
            sorted[next[groups[i]]++] = items[i];
        }
        return new(sorted, starts);
    }
}

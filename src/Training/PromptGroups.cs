namespace IterativeDpo.Training;

/// <summary>
/// Items grouped by a number, groups and items in the order they first appear; a few integers an item, whatever the groups.
/// </summary>
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
        // Sorted by group and then by place: a table of groups would take several times the memory.
        var places = new long[items.Length];
        for (var i = 0; i < items.Length; i++)
        {
            places[i] = ((long)groupOf(items[i]) << 32) | (uint)i;
        }
        Array.Sort(places);
        int[] begins = [.. Enumerable.Range(0, places.Length).Where(i => i == 0 || places[i] >> 32 != places[i - 1] >> 32)];
        Array.Sort(Array.ConvertAll(begins, begin => (int)places[begin]), begins);
        return Collect(items, places, begins);
    }

    private static PromptGroups Collect(int[] items, long[] places, int[] begins)
    {
        var (sorted, starts, filled) = (new int[items.Length], new int[begins.Length + 1], 0);
        for (var group = 0; group < begins.Length; group++)
        {
            for (var i = begins[group]; i < places.Length && places[i] >> 32 == places[begins[group]] >> 32; i++)
            {
                sorted[filled++] = items[(int)places[i]];
            }
            starts[group + 1] = filled;
        }
        return new(sorted, starts);
    }
}

using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>What nodes say, in one file, and what it tells of the units that they did.</summary>
internal sealed partial class ChaosLog(string path) : IDisposable
{
    private readonly StreamWriter _file = new(path) { AutoFlush = true };
    private readonly ConcurrentDictionary<WorkId, int> _done = [];

    /// <summary>How often nodes said of a unit that they did it.</summary>
    public IReadOnlyDictionary<WorkId, int> Done => _done;

    /// <summary>Lines so far, without those on units that were done.</summary>
    public long Lines { get; private set; }

    public void Write(string node, string line)
    {
        var done = UnitIn(line);
        lock (_file)
        {
            Lines += done is null ? 1 : 0;
            _file.WriteLine($"{TimeProvider.System.GetLocalNow():HH:mm:ss.fff} {node}: {line}");
        }
        if (done is { } unit)
        {
            _done.AddOrUpdate(unit, 1, (_, times) => times + 1);
        }
    }

    public void Dispose() => _file.Dispose();

    /// <summary>The unit that a line of a node says was done; null where it says something else.</summary>
    internal static WorkId? UnitIn(string line) =>
        Did().Match(line) is { Success: true } match ? WorkId.Parse(match.Groups[1].Value) : null;

    [GeneratedRegex(@"^dpo: did (\d+/\w+/\d+) of ")]
    private static partial Regex Did();
}

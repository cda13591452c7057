using System.Buffers;
using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Lines;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;
using IterativeDpo.Host.Pairs;
using IterativeDpo.Training;
using Microsoft.Win32.SafeHandles;

namespace IterativeDpo.Host.Page;

/// <summary>In which order pairs are listed.</summary>
internal enum PairSort
{
    /// <summary>As they were made.</summary>
    Made,

    /// <summary>Scores that are farthest apart first.</summary>
    Margin,

    /// <summary>Scores that are nearest to each other first.</summary>
    Close,

    /// <summary>The longest answers first.</summary>
    Length,
}

/// <summary>Some of the pairs that a filter lets through.</summary>
/// <param name="Total">How many it lets through.</param>
/// <param name="All">How many there are.</param>
/// <param name="Tasks">Of all pairs, for a choice; likewise the judges.</param>
internal sealed record PairPage(
    IReadOnlyList<FoundPair> Pairs,
    int Total,
    int All,
    IReadOnlyList<string> Tasks,
    IReadOnlyList<string> Judges);

/// <summary>
/// The pairs of a campaign to be searched: of each what filters and orders go by is in memory (32 bytes), and its texts are read where its
/// file has them. A round's file is gone through once. Safe to use from any thread.
/// </summary>
internal sealed class PairIndex(ArtifactStore store)
{
    private readonly ConcurrentDictionary<Digest, Lazy<RoundPairs>> _rounds = [];
    private readonly Names _tasks = new(), _judges = new();

    /// <param name="rounds">Those that have selected their pairs are searched, in order.</param>
    /// <param name="skip">How many of those that the filter lets through are left out first.</param>
    /// <exception cref="StorageException">An artifact is missing or corrupt.</exception>
    public PairPage Find(
        IEnumerable<RoundState> rounds,
        PairFilter filter,
        PairSort order,
        int skip,
        int take,
        CancellationToken cancellationToken = default)
    {
        RoundPairs[] all =
        [
            .. rounds.Where(round => round.Pairs is { PairCount: > 0 }).Select(round => Of(round.Number, round.Pairs!.Pairs)),
        ];
        var found = new List<(int File, int Entry)>();
        for (var i = 0; i < all.Length; i++)
        {
            if (filter.Round is null || filter.Round == all[i].Round)
            {
                Search(all[i], i, filter, found, cancellationToken);
            }
        }
        if (KeyOf(order) is { } key)
        {
            var keys = found.ConvertAll(place => key(all[place.File].Entries[place.Entry])).ToArray();
            var sorted = found.ToArray();
            Array.Sort(keys, sorted);
            found = [.. sorted];
        }
        return new(
            [.. found.Skip(skip).Take(take).Select(place => all[place.File].Read(place.Entry))],
            found.Count,
            all.Sum(round => round.Entries.Length),
            _tasks.All(),
            _judges.All());
    }

    private static Func<Entry, float>? KeyOf(PairSort order) => order switch
    {
        PairSort.Margin => entry => -entry.Margin,
        PairSort.Close => entry => entry.Margin,
        PairSort.Length => entry => -entry.Tokens,
        _ => null,
    };

    private RoundPairs Of(int round, Digest pairs)
    {
        try
        {
            return _rounds.GetOrAdd(pairs, _ => new(() => RoundPairs.Load(round, store.Verified(pairs), _tasks, _judges))).Value;
        }
        catch
        {
            _rounds.TryRemove(pairs, out _);
            throw;
        }
    }

    private void Search(
        RoundPairs round,
        int file,
        PairFilter filter,
        List<(int File, int Entry)> found,
        CancellationToken cancellationToken)
    {
        var (task, judge) = (_tasks.Find(filter.Task), _judges.Find(filter.Judge));
        var prompt = filter.Prompt is { } id ? id.GetHashCode(StringComparison.Ordinal) : 0;
        var readsText = filter.Prompt is not null || filter.Contains is not null;
        var needle = Needle(filter.Contains);
        using var texts = readsText ? round.Open() : null;
        for (var i = 0; i < round.Entries.Length; i++)
        {
            var entry = round.Entries[i];
            if ((task is not null && entry.Task != task)
                || (judge is not null && entry.Judge != judge)
                || (filter.Prompt is not null && entry.Prompt != prompt)
                || entry.Margin < filter.MinMargin)
            {
                continue;
            }
            if (readsText)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (!round.Matches(texts!, i, filter, needle))
                {
                    continue;
                }
            }
            found.Add((file, i));
        }
    }

    /// <summary>What a line has as it is if a text is in it; null where that may be written otherwise.</summary>
    private static string? Needle(string? contains) =>
        contains is { Length: > 0 } text && text.All(c => char.IsAsciiLetterOrDigit(c) || c is ' ' or '.' or ',' or ':' or '-' or '_')
            ? text
            : null;

    private sealed class RoundPairs(int round, string path, Entry[] entries)
    {
        private static readonly JsonLines<PairRecord> s_lines = new("not a pair", "Restore the artifact from a copy.")
        {
            Json = PairFile.Json,
        };

        public int Round => round;

        public Entry[] Entries => entries;

        public static RoundPairs Load(int round, string path, Names tasks, Names judges)
        {
            using var stream = File.OpenRead(path);
            return new(
                round,
                path,
                [
                    .. s_lines
                        .ReadLines(stream, path)
                        .Where(pair => pair.Record.Provenance is not null)
                        .Select(pair => new Entry(
                pair.Line.Start,
                pair.Line.Bytes.Length,
                tasks.Add(pair.Record.Provenance!.Task ?? ""),
                judges.Add(pair.Record.Provenance.JudgeName),
                pair.Record.Pair.PromptId.GetHashCode(StringComparison.Ordinal),
                (float)(pair.Record.Provenance.ChosenScore - pair.Record.Provenance.RejectedScore),
                Math.Max(pair.Record.Pair.ChosenIds.Length, pair.Record.Pair.RejectedIds.Length)))]);
        }

        /// <exception cref="StorageException">The file is gone.</exception>
        public SafeFileHandle Open()
        {
            try
            {
                return File.OpenHandle(path);
            }
            catch (Exception e) when (IoFailure.Is(e))
            {
                throw IoFailure.Explain(path, "this artifact cannot be read", e);
            }
        }

        public FoundPair Read(int entry)
        {
            using var file = Open();
            return Read(file, entry, _ => true)!;
        }

        public bool Matches(SafeFileHandle file, int entry, PairFilter filter, string? needle) =>
            Read(file, entry, line => needle is null || Contains(line, needle)) is { } found && filter.Matches(found.Pair, found.Source);

        private FoundPair? Read(SafeFileHandle file, int entry, Func<ReadOnlySpan<byte>, bool> mayBe)
        {
            var (start, length) = (entries[entry].Start, entries[entry].Bytes);
            var buffer = ArrayPool<byte>.Shared.Rent(length);
            try
            {
                var line = buffer.AsSpan(0, length);
                if (RandomAccess.Read(file, line, start) != length)
                {
                    throw new StorageException($"{path}: this artifact is shorter than it was. Restore it from a copy.");
                }
                return mayBe(line) ? FoundPair.Of(PairFile.Parse(line)) : null;
            }
            catch (Exception e) when (IoFailure.Is(e) || e is JsonException)
            {
                throw new StorageException($"{path}: this artifact cannot be read any more: {e.Message}", e);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }

        /// <summary>In any case, as ASCII.</summary>
        private static bool Contains(ReadOnlySpan<byte> line, string needle)
        {
            var first = SearchValues.Create([(byte)char.ToLowerInvariant(needle[0]), (byte)char.ToUpperInvariant(needle[0])]);
            for (var at = line.IndexOfAny(first); at >= 0 && line.Length - at >= needle.Length;)
            {
                if (Ascii.EqualsIgnoreCase(line.Slice(at, needle.Length), needle))
                {
                    return true;
                }
                var next = line[(at + 1)..].IndexOfAny(first);
                at = next < 0 ? -1 : at + 1 + next;
            }
            return false;
        }
    }

    private readonly record struct Entry(long Start, int Bytes, int Task, int Judge, int Prompt, float Margin, int Tokens);

    /// <summary>Names by number.</summary>
    private sealed class Names
    {
        private readonly Dictionary<string, int> _numbers = [];

        public int Add(string name)
        {
            lock (_numbers)
            {
                return _numbers.TryGetValue(name, out var number) ? number : _numbers[name] = _numbers.Count;
            }
        }

        /// <returns>Null for null, and a number that nothing has for a name that nothing has.</returns>
        public int? Find(string? name)
        {
            lock (_numbers)
            {
                return name is null ? null : _numbers.GetValueOrDefault(name, -1);
            }
        }

        public IReadOnlyList<string> All()
        {
            lock (_numbers)
            {
                return [.. _numbers.Keys.Where(name => name.Length > 0).Order(StringComparer.Ordinal)];
            }
        }
    }
}

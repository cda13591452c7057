using System.Globalization;
using System.Text;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>An input that a reader did not bear; <c>--reader R --seed S --input N</c> repeats it.</summary>
/// <param name="Kind">crash, hang or memory.</param>
internal sealed record FuzzFinding(string Kind, int Seed, long Input, string Detail);

/// <param name="PeakMib">The most that one input allocated.</param>
internal sealed record FuzzResult(
    string Reader, long Inputs, long Accepted, long Refused, long Crashes, long Hangs, double PeakMib, IReadOnlyList<FuzzFinding> Findings)
{
    public override string ToString() =>
        $"{Reader}: {Inputs} inputs, {Accepted} accepted, {Refused} refused, {Crashes} crashes, {Hangs} hangs, at most {PeakMib:F1} MiB"
        + string.Concat(
            Findings.Select(found => $"\n  {found.Kind}: --reader {Reader} --seed {found.Seed} --input {found.Input}: {found.Detail}"));
}

/// <summary>Changes valid inputs at random, by a seed, and watches what readers make of them.</summary>
/// <param name="directory">Takes the inputs; its file under-way has the number of the one at work, should the process end by it.</param>
internal sealed class Fuzzer(string directory, int seed)
{
    private const int MostFindings = 20;
    private const long MostBytes = 256L << 20;

    private static readonly TimeSpan _longest = TimeSpan.FromSeconds(2);

    private static readonly byte[][] _words =
    [
        .. new[]
        {
            "null",
            "-1",
            "0",
            "1e999",
            "9223372036854775808",
            "true",
            "[]",
            "{}",
            "[null]",
            "\"\"",
            "\"\\ud800\"",
            "\\u0000",
            "\"",
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\n",
            "${a}",
            "${?campaign}", "+=", "include \"a\"", "{%", "%}", "{{", "}}", "-%}", "endif", "'", "\\", "\0",
        }.Select(Encoding.UTF8.GetBytes),
        [0xff],
        [0xff, 0xff, 0xff, 0xff],
        [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
        new byte[8],
        [0xef, 0xbb, 0xbf],
        [0xed, 0xa0, 0x80],
    ];

    /// <param name="more">Whether to go on, of the inputs so far.</param>
    public FuzzResult Run(ForeignReader reader, long first, Func<long, bool> more)
    {
        long inputs = 0, accepted = 0, refused = 0, crashes = 0, hangs = 0, peak = 0;
        var findings = new List<FuzzFinding>();
        var path = Path.Combine(directory, reader.Name + reader.Extension);
        while (hangs == 0 && more(inputs))
        {
            var number = first + inputs++;
            var bytes = Mutate(reader, number);
            File.WriteAllBytes(path, bytes);
            File.WriteAllText(Path.Combine(directory, "under-way"), $"--reader {reader.Name} --seed {seed} --input {number}");
            long allocated = 0;
            // A thread of its own, so that one that never ends does not hold us: nothing more is asked of that reader. The pool may be busy
            // for as long.
            var call = Task.Factory.StartNew(() =>
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                try
                {
                    reader.Read(path, bytes);
                    return null;
                }
                catch (Exception e)
                {
                    return e;
                }
                finally
                {
                    allocated = GC.GetAllocatedBytesForCurrentThread() - before;
                }
            }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            if (!call.Wait(_longest))
            {
                hangs++;
                Found("hang", number, $"over {_longest.TotalSeconds} s");
                continue;
            }
            peak = Math.Max(peak, allocated);
            if (allocated > MostBytes)
            {
                Found("memory", number, string.Create(CultureInfo.InvariantCulture, $"{allocated >> 20} MiB"));
            }
            switch (call.Result)
            {
                case null:
                    accepted++;
                    break;
                case var e when ForeignReaders.IsRefusal(e):
                    refused++;
                    break;
                case var e:
                    crashes++;
                    Found(
                        "crash",
                        number,
                        $"{e.GetType().Name}: {e.Message} {e.StackTrace?.Split('\n').FirstOrDefault(line => line.Contains("IterativeDpo", StringComparison.Ordinal))?.Trim()}");
                    break;
            }
        }
        return new(reader.Name, inputs, accepted, refused, crashes, hangs, peak / (double)(1 << 20), findings);

        void Found(string kind, long number, string detail)
        {
            if (findings.Count < MostFindings && !findings.Any(known => known.Detail == detail))
            {
                findings.Add(new(kind, seed, number, detail));
            }
        }
    }

    /// <summary>The input of a number: always the same for a reader and a seed.</summary>
    private byte[] Mutate(ForeignReader reader, long number)
    {
        // A multiplication spreads neighbouring numbers over all seeds of the generator.
        var random = new Random(unchecked((int)(((ulong)number * 0x9E3779B97F4A7C15 >> 32) ^ ((uint)seed * 0x85EBCA6BU))));
        var whole = reader.Seeds[random.Next(reader.Seeds.Count)];
        var head = whole[..Math.Min(reader.Mutable, whole.Length)].ToList();
        for (var changes = 1 + random.Next(4); changes > 0; changes--)
        {
            var at = random.Next(head.Count + 1);
            var length = Math.Min(head.Count - at, 1 + random.Next(random.Next(2) == 0 ? 4 : 64));
            switch (random.Next(7))
            {
                case 0 when at < head.Count:
                    head[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    head.RemoveRange(at, length);
                    break;
                case 2:
                    head.InsertRange(at, head.GetRange(at, length));
                    break;
                case 3:
                    head.InsertRange(at, _words[random.Next(_words.Length)]);
                    break;
                case 4:
                    head.RemoveRange(at, length);
                    head.InsertRange(at, _words[random.Next(_words.Length)]);
                    break;
                case 5 when head.FindIndex(at, one => one is (byte)'{' or (byte)'[') is >= 0 and var open:
                    // What is in brackets, whole, so that the rest stays well-formed.
                    var depth = 0;
                    var close = head.FindIndex(
                        open,
                        one =>
                            (
                                depth +=
                                    one is (byte)'{' or (byte)'[' ? 1
                                    : one is (byte)'}' or (byte)']' ? -1
                                    : 0
                            ) == 0);
                    head.RemoveRange(open, (close < 0 ? head.Count : close + 1) - open);
                    head.InsertRange(open, _words[random.Next(_words.Length)]);
                    break;
                default:
                    var other = reader.Seeds[random.Next(reader.Seeds.Count)];
                    var from = random.Next(other.Length);
                    head.InsertRange(at, other.AsSpan(from, Math.Min(other.Length - from, 1 + random.Next(64))));
                    break;
            }
        }
        return [.. head, .. whole.AsSpan(Math.Min(reader.Mutable, whole.Length))];
    }
}

using System.Collections;
using System.Runtime.InteropServices;
using System.Text;
using IterativeDpo.Artifacts;

namespace IterativeDpo.Training.Data;

/// <summary>
/// Tokenised examples in a file: an example is read when it is asked for. In memory is where each begins and how long it is. Any thread
/// may read.
/// </summary>
/// <remarks>
/// Not a mapped file: a mapped one that is cut off under the reader ends the process, and its pages count as the process's memory.
/// </remarks>
internal sealed class ExampleStore : ISizedExamples, IDisposable
{
    private readonly FileStream _file;
    private readonly StoreScan _scan;
    private readonly int _lastMismatch;

    private ExampleStore(FileStream file, StoreScan scan)
    {
        (_file, _scan) = (file, scan);
        _lastMismatch = Array.FindLastIndex(scan.Records, record => record.Group != scan.Records[0].Group);
    }

    public int Count => _scan.Records.Length;

    public int MaxLength => _scan.MaxLength;

    public RowSummary Summary => _scan.Summary;

    public ITrainingExample this[int index]
    {
        get
        {
            var (head, promptId, ids) = Read(index);
            var prompt = Ids(ids, 0, head.PromptTokens);
            var first = Ids(ids, head.PromptTokens, head.FirstTokens);
            return _scan.Labelled
                ? new LabelledCompletion(promptId, prompt, first, head.Label == 1, Mismatch(index))
                : new PreferencePair(promptId, prompt, first, Ids(ids, head.PromptTokens + head.FirstTokens, head.Second), head.Label);
        }
    }

    /// <summary>Null where there is none, it was damaged, or it was made from something else.</summary>
    public static ExampleStore? Open(string path, Digest key)
    {
        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        if (StoreScan.Read(file, key) is { } scan)
        {
            return new(file, scan);
        }
        file.Dispose();
        return null;
    }

    public ExampleSize SizeOf(int index)
    {
        var record = _scan.Records[index];
        return new(record.Group, record.PromptTokens, record.FirstTokens, _scan.Labelled ? MismatchTokens(index) : record.Second);
    }

    public IEnumerator<ITrainingExample> GetEnumerator()
    {
        for (var i = 0; i < Count; i++)
        {
            yield return this[i];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public void Dispose() => _file.Dispose();

    private int MismatchOf(int index) => _scan.Records[index].Second is >= 0 and var earlier ? earlier : _lastMismatch;

    private int MismatchTokens(int index) => MismatchOf(index) is >= 0 and var other
        ? Math.Min(_scan.Records[other].FirstTokens, MaxLength - _scan.Records[index].PromptTokens)
        : 0;

    private int[] Mismatch(int index)
    {
        if (MismatchOf(index) is not (>= 0 and var other))
        {
            return [];
        }
        var (head, _, ids) = Read(other);
        return Ids(ids, head.PromptTokens, MismatchTokens(index));
    }

    private (StoredHead Head, string PromptId, Memory<byte> Ids) Read(int index)
    {
        var (start, end) = (_scan.Records[index].Offset, index + 1 < Count ? _scan.Records[index + 1].Offset : _scan.End);
        var record = new byte[end - start];
        for (var done = 0; done < record.Length;)
        {
            var read = RandomAccess.Read(_file.SafeFileHandle, record.AsSpan(done), start + done);
            done +=
                read > 0 ? read : throw new IOException($"{_file.Name}: it was cut off while it was in use. Run again: it is made anew.");
        }
        var head = StoredHead.Read(record);
        var body = record.AsMemory(StoredHead.Bytes);
        return (head, Encoding.UTF8.GetString(body.Span[..head.PromptIdBytes]), body[head.PromptIdBytes..]);
    }

    // Stored little-endian, as are all machines that .NET runs on but one.
    private static int[] Ids(Memory<byte> ids, int from, int count)
    {
        var result = MemoryMarshal.Cast<byte, int>(ids.Span.Slice(4 * from, 4 * count)).ToArray();
        return BitConverter.IsLittleEndian ? result : Array.ConvertAll(result, System.Buffers.Binary.BinaryPrimitives.ReverseEndianness);
    }
}

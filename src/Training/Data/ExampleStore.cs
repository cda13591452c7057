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
        _lastMismatch = Array.FindLastIndex(scan.Records, record => record.Head.Group != scan.Records[0].Head.Group);
    }

    public int Count => _scan.Records.Length;

    public int MaxLength => _scan.MaxLength;

    public RowSummary Summary => _scan.Summary;

    public ITrainingExample this[int index]
    {
        get
        {
            var head = _scan.Records[index].Head;
            var body = ReadBody(index, (int)head.BodyBytes(_scan.Labelled));
            var promptId = Encoding.UTF8.GetString(body.AsSpan(0, head.PromptIdBytes));
            var ids = body.AsSpan(head.PromptIdBytes);
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
        var head = _scan.Records[index].Head;
        return new(head.Group, head.PromptTokens, head.FirstTokens, _scan.Labelled ? MismatchTokens(index) : head.Second);
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

    private int MismatchOf(int index) => _scan.Records[index].Head.Second is >= 0 and var earlier ? earlier : _lastMismatch;

    private int MismatchTokens(int index) => MismatchOf(index) is >= 0 and var other
        ? Math.Min(_scan.Records[other].Head.FirstTokens, MaxLength - _scan.Records[index].Head.PromptTokens)
        : 0;

    private int[] Mismatch(int index)
    {
        if (MismatchOf(index) is not (>= 0 and var other))
        {
            return [];
        }
        var head = _scan.Records[other].Head;
        return Ids(ReadBody(other, (int)head.BodyBytes(labelled: true)).AsSpan(head.PromptIdBytes), head.PromptTokens, MismatchTokens(index));
    }

    private byte[] ReadBody(int index, int bytes)
    {
        var body = new byte[bytes];
        var offset = _scan.Records[index].Offset + StoredHead.Bytes;
        for (var done = 0; done < bytes;)
        {
            var read = RandomAccess.Read(_file.SafeFileHandle, body.AsSpan(done), offset + done);
            if (read == 0)
            {
                throw new IOException($"{_file.Name}: it was cut off while it was in use. Run again: it is made anew.");
            }
            done += read;
        }
        return body;
    }

    // Stored little-endian, as are all machines that .NET runs on but one.
    private static int[] Ids(ReadOnlySpan<byte> ids, int from, int count)
    {
        var result = MemoryMarshal.Cast<byte, int>(ids.Slice(4 * from, 4 * count)).ToArray();
        return BitConverter.IsLittleEndian ? result : Array.ConvertAll(result, System.Buffers.Binary.BinaryPrimitives.ReverseEndianness);
    }
}

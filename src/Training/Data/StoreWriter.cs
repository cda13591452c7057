using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;

namespace IterativeDpo.Training.Data;

/// <summary>Writes a store as its examples come, and keeps nothing of them.</summary>
internal sealed class StoreWriter
{
    private readonly Stream _stream;
    private readonly bool _labelled;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private byte[] _record = new byte[1 << 12];
    private int _count;
    private int _lastGroup;
    private int _mismatch = -1;

    private StoreWriter(Stream stream, bool labelled) => (_stream, _labelled) = (stream, labelled);

    /// <summary>Writes the whole store, or leaves none.</summary>
    /// <param name="summary">Asked for when the last example has come.</param>
    /// <exception cref="StorageException">No space, no permission.</exception>
    public static void Write(
        string path,
        Digest key,
        DataOptions options,
        IEnumerable<ITrainingExample> examples,
        Func<RowSummary> summary) =>
        AtomicFile.Write(path, stream =>
        {
            var writer = new StoreWriter(stream, options.Unpaired);
            using (writer._hash)
            {
                writer.Begin(key, options);
                foreach (var example in examples)
                {
                    writer.Add(example);
                }
                writer.End(summary());
            }
        });

    private void Begin(Digest key, DataOptions options)
    {
        Span<byte> header = stackalloc byte[StoreLayout.HeaderBytes];
        StoreLayout.Magic.CopyTo(header);
        Convert.FromHexString(key.Hex).CopyTo(header[8..]);
        BinaryPrimitives.WriteInt32LittleEndian(header[40..], options.MaxLength);
        BinaryPrimitives.WriteInt32LittleEndian(header[44..], _labelled ? 1 : 0);
        Put(header);
    }

    private void Add(ITrainingExample example)
    {
        var promptId = Encoding.UTF8.GetBytes(example.PromptId);
        var group = GroupOf(promptId);
        if (_count > 0 && group != _lastGroup)
        {
            _mismatch = _count - 1;
        }
        var head = new StoredHead(
            example.Label,
            promptId.Length,
            group,
            example.PromptIds.Length,
            example.First.Length,
            _labelled ? _mismatch : example.Second.Length);
        var length = StoredHead.Bytes + checked((int)head.BodyBytes(_labelled));
        if (_record.Length < length)
        {
            _record = new byte[length * 2];
        }
        head.Write(_record);
        promptId.CopyTo(_record, StoredHead.Bytes);
        var end = PutIds(example.PromptIds, StoredHead.Bytes + promptId.Length);
        end = PutIds(example.First, end);
        if (!_labelled)
        {
            PutIds(example.Second, end);
        }
        Put(_record.AsSpan(0, length));
        _lastGroup = group;
        _count++;
    }

    private void End(RowSummary summary)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(summary);
        Put(json);
        Span<byte> tail = stackalloc byte[StoreLayout.TailBytes];
        BinaryPrimitives.WriteInt32LittleEndian(tail, _count);
        BinaryPrimitives.WriteInt32LittleEndian(tail[4..], json.Length);
        Put(tail[..8]);
        _stream.Write(_hash.GetHashAndReset());
    }

    // Numbers counted up would take a table of all prompts. Two prompts that share a number are only planned next to each other.
    private static int GroupOf(ReadOnlySpan<byte> promptId) => BinaryPrimitives.ReadInt32LittleEndian(SHA256.HashData(promptId));

    private int PutIds(int[] ids, int offset)
    {
        foreach (var id in ids)
        {
            BinaryPrimitives.WriteInt32LittleEndian(_record.AsSpan(offset), id);
            offset += 4;
        }
        return offset;
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        _hash.AppendData(bytes);
        _stream.Write(bytes);
    }
}

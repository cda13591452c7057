using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using IterativeDpo.Artifacts;

namespace IterativeDpo.Training.Data;

/// <summary>
/// Where a record begins, and what is worth knowing of it without reading it: 24 bytes, which a store has in memory for each example.
/// </summary>
/// <param name="Second">As in <see cref="StoredHead"/>.</param>
internal readonly record struct StoredRecord(long Offset, int Group, int PromptTokens, int FirstTokens, int Second);

/// <summary>What one reading of a store file finds: that it is whole, and where everything is.</summary>
/// <param name="End">Where the last record ends.</param>
internal sealed record StoreScan(int MaxLength, bool Labelled, StoredRecord[] Records, long End, RowSummary Summary)
{
    /// <summary>Null for a file that was damaged, cut off, or made with another key.</summary>
    public static StoreScan? Read(FileStream file, Digest key)
    {
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            return Read(new HashedReader(file, hash), file.Length, key);
        }
        catch (Exception e) when (e is EndOfStreamException or InvalidDataException or JsonException)
        {
            return null;
        }
    }

    private static StoreScan Read(HashedReader reader, long length, Digest key)
    {
        var tail = reader.Tail(StoreLayout.TailBytes);
        var count = BinaryPrimitives.ReadInt32LittleEndian(tail);
        var summaryBytes = BinaryPrimitives.ReadInt32LittleEndian(tail.AsSpan(4));
        var left = length - StoreLayout.HeaderBytes - StoreLayout.TailBytes - summaryBytes;
        Require(summaryBytes >= 0 && count >= 0 && left >= (long)count * StoredHead.Bytes);

        var header = reader.Next(StoreLayout.HeaderBytes).ToArray();
        Require(header.AsSpan().StartsWith(StoreLayout.Magic) && Convert.ToHexStringLower(header.AsSpan(8, 32)) == key.Hex);
        var labelled = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(44)) == 1;

        var records = new StoredRecord[count];
        for (var i = 0; i < count; i++)
        {
            left -= StoredHead.Bytes;
            Require(left >= 0);
            var offset = reader.Position;
            var head = StoredHead.Read(reader.Next(StoredHead.Bytes));
            Require(head.Fits(labelled, left));
            var body = head.BodyBytes(labelled);
            reader.Skip(body);
            left -= body;
            records[i] = new(offset, head.Group, head.PromptTokens, head.FirstTokens, head.Second);
        }
        Require(left == 0);
        var end = reader.Position;
        var summary = JsonSerializer.Deserialize<RowSummary>(reader.Next(summaryBytes));
        reader.Next(8);
        Require(summary is not null && reader.Hash().AsSpan().SequenceEqual(tail.AsSpan(8)));
        return new(BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(40)), labelled, records, end, summary!);
    }

    private static void Require(bool condition)
    {
        if (!condition)
        {
            throw new InvalidDataException();
        }
    }

    /// <summary>Reads forward, and hashes what it reads.</summary>
    private sealed class HashedReader(FileStream file, IncrementalHash hash)
    {
        private byte[] _buffer = new byte[1 << 12];

        public long Position => file.Position;

        public byte[] Tail(int bytes)
        {
            Require(file.Length >= bytes);
            var tail = new byte[bytes];
            file.Position = file.Length - bytes;
            file.ReadExactly(tail);
            file.Position = 0;
            return tail;
        }

        public ReadOnlySpan<byte> Next(int bytes)
        {
            if (_buffer.Length < bytes)
            {
                _buffer = new byte[bytes];
            }
            var next = _buffer.AsSpan(0, bytes);
            file.ReadExactly(next);
            hash.AppendData(next);
            return next;
        }

        public void Skip(long bytes)
        {
            for (; bytes > 0; bytes -= Math.Min(bytes, 1 << 16))
            {
                _ = Next((int)Math.Min(bytes, 1 << 16));
            }
        }

        public byte[] Hash() => hash.GetHashAndReset();
    }
}

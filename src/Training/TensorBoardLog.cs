using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using IterativeDpo.Artifacts.Store;

namespace IterativeDpo.Training;

/// <summary>
/// Scalars as TensorBoard reads them: records of TensorFlow's TFRecord form, each an Event of event.proto, in a file of this process's own.
/// An event is in the file when it was written; what a killed process wrote again after its start is taken as TensorBoard takes a restart.
/// </summary>
/// <remarks>
/// A record is its length (8 bytes, little endian), the masked CRC32C of these, its bytes, and the masked CRC32C of them. Of an Event the
/// fields 1 wall_time (double), 2 step (varint), 3 file_version, 5 summary and 7 session_log are written; of a summary's value 1 tag and 2
/// simple_value.
/// </remarks>
/// <param name="directory">Made if it is not there.</param>
public sealed class TensorBoardLog(string directory, TimeProvider time) : IDisposable
{
    private const uint MaskDelta = 0xa282ead8;

    private FileStream? _file;

    /// <summary>Writes the values of a step, in the order of their names.</summary>
    /// <param name="step">From 1, over the whole run.</param>
    /// <exception cref="StorageException">They cannot be written.</exception>
    public void Write(long step, IEnumerable<KeyValuePair<string, double>> scalars)
    {
        var now = time.GetUtcNow();
        try
        {
            _file ??= Open(now, step);
            Append(
                _file,
                Event(
                    now,
                    step,
                    Field(
                        5,
                        [
                            .. scalars
                                .OrderBy(scalar => scalar.Key, StringComparer.Ordinal)
                                .SelectMany(scalar =>
                                    Field(1, [.. Field(1, Encoding.UTF8.GetBytes(scalar.Key)), .. Single(2, (float)scalar.Value)])),
                        ])));
        }
        catch (Exception e) when (IoFailure.Is(e))
        {
            throw IoFailure.Explain(directory, "TensorBoard's events cannot be written", e);
        }
    }

    public void Dispose() => _file?.Dispose();

    private FileStream Open(DateTimeOffset now, long step)
    {
        Directory.CreateDirectory(directory);
        var path = Path.Combine(
            directory,
            $"events.out.tfevents.{now.ToUnixTimeSeconds():D10}.{Environment.MachineName}.{Environment.ProcessId}.{now.Ticks % TimeSpan.TicksPerSecond}");
        var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
        Append(file, Event(now, 0, Field(3, "brain.Event:2"u8.ToArray())));
        // A restart: of what earlier files have from this step on TensorBoard shows nothing.
        Append(file, Event(now, step, Field(7, Varint(1, 1))));
        return file;
    }

    private static void Append(FileStream file, byte[] data)
    {
        var record = new byte[data.Length + 16];
        BinaryPrimitives.WriteInt64LittleEndian(record, data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(8), MaskedCrc(record.AsSpan(0, 8)));
        data.CopyTo(record, 12);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(12 + data.Length), MaskedCrc(data));
        file.Write(record);
    }

    private static uint MaskedCrc(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        foreach (var value in data)
        {
            crc = BitOperations.Crc32C(crc, value);
        }
        crc = ~crc;
        return BitOperations.RotateRight(crc, 15) + MaskDelta;
    }

    private static byte[] Event(DateTimeOffset now, long step, byte[] what)
    {
        var seconds = new byte[9];
        seconds[0] = (1 << 3) | 1;
        BinaryPrimitives.WriteDoubleLittleEndian(seconds.AsSpan(1), (now - DateTimeOffset.UnixEpoch).TotalSeconds);
        return [.. seconds, .. Varint(2, (ulong)step), .. what];
    }

    /// <summary>A field of bytes, a text or a message.</summary>
    private static byte[] Field(int number, byte[] value) => [(byte)((number << 3) | 2), .. Varint((ulong)value.Length), .. value];

    private static byte[] Varint(int number, ulong value) => [(byte)(number << 3), .. Varint(value)];

    private static byte[] Single(int number, float value)
    {
        var field = new byte[5];
        field[0] = (byte)((number << 3) | 5);
        BinaryPrimitives.WriteSingleLittleEndian(field.AsSpan(1), value);
        return field;
    }

    private static List<byte> Varint(ulong value)
    {
        var bytes = new List<byte>();
        for (; value >= 0x80; value >>= 7)
        {
            bytes.Add((byte)(value | 0x80));
        }
        bytes.Add((byte)value);
        return bytes;
    }
}

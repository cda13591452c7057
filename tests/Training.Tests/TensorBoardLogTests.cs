using System.Text;

namespace IterativeDpo.Training.Tests;

public sealed class TensorBoardLogTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("dpo-tensorboard-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Write_isReadByAReaderOfItsOwn()
    {
        using (var log = new TensorBoardLog(_directory.FullName, TimeProvider.System))
        {
            log.Write(1, new Dictionary<string, double> { ["rewards/chosen"] = 0.5, ["loss"] = 0.69314718 });
            log.Write(300, new Dictionary<string, double> { ["loss"] = -1e-9 });
        }

        var events = EventsIn(Assert.Single(_directory.GetFiles()).FullName);

        Assert.Equal("brain.Event:2", Encoding.UTF8.GetString(events[0].Single(field => field.Number == 3).Bytes));
        Assert.Equal((1UL, true), (events[1].Single(field => field.Number == 2).Value, events[1].Any(field => field.Number == 7)));
        Assert.Equal(
            ["1 loss 0.6931472", "1 rewards/chosen 0.5", "300 loss -1E-09"],
            events
                .Skip(2)
                .SelectMany(fields =>
                    Fields(fields.Single(field => field.Number == 5).Bytes)
                        .Select(value => Fields(value.Bytes))
                        .Select(value =>
                FormattableString.Invariant(
                    $"{fields.Single(field => field.Number == 2).Value} {Encoding.UTF8.GetString(value[0].Bytes)} {BitConverter.ToSingle(value[1].Bytes)}"))));
        Assert.All(events, fields => Assert.InRange(BitConverter.ToDouble(fields.Single(field => field.Number == 1).Bytes), 1.7e9, 5e9));
    }

    [Fact]
    public void Write_ofAnotherStart_hasAFileOfItsOwn()
    {
        for (var i = 0; i < 2; i++)
        {
            using var log = new TensorBoardLog(_directory.FullName, TimeProvider.System);
            log.Write(i + 1, [new("loss", 1)]);
            Thread.Sleep(2);
        }

        Assert.Equal(2, _directory.GetFiles("events.out.tfevents.*").Length);
    }

    /// <summary>RFC 3720, B.4: the CRC32C of 32 bytes of zeros, and of the digits 1 to 9, as everybody has it.</summary>
    [Fact]
    public void Crc_ofTheReader_isCastagnolis()
    {
        Assert.Equal(0x8A9136AAu, Crc(new byte[32]));
        Assert.Equal(0xE3069283u, Crc("123456789"u8.ToArray()));
    }

    /// <summary>By the forms' descriptions and by a CRC bit by bit, none of the writer's code.</summary>
    private static List<List<(int Number, ulong Value, byte[] Bytes)>> EventsIn(string path)
    {
        var (bytes, events) = (File.ReadAllBytes(path), new List<List<(int, ulong, byte[])>>());
        for (var at = 0; at < bytes.Length;)
        {
            var length = (int)BitConverter.ToUInt64(bytes, at);
            Assert.Equal(Masked(Crc(bytes[at..(at + 8)])), BitConverter.ToUInt32(bytes, at + 8));
            var data = bytes[(at + 12)..(at + 12 + length)];
            Assert.Equal(Masked(Crc(data)), BitConverter.ToUInt32(bytes, at + 12 + length));
            events.Add(Fields(data));
            at += 16 + length;
        }
        return events;
    }

    private static List<(int Number, ulong Value, byte[] Bytes)> Fields(byte[] message)
    {
        var fields = new List<(int, ulong, byte[])>();
        for (var at = 0; at < message.Length;)
        {
            var key = Varint(message, ref at);
            var value = (key & 7) is 0 or 2 ? Varint(message, ref at) : 0;
            var length = (key & 7) switch { 1 => 8, 5 => 4, 2 => (int)value, _ => 0 };
            fields.Add(((int)(key >> 3), value, message[at..(at + length)]));
            at += length;
        }
        return fields;
    }

    private static ulong Varint(byte[] bytes, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            value |= (ulong)(bytes[at] & 0x7F) << shift;
            if (bytes[at++] < 0x80)
            {
                return value;
            }
        }
    }

    private static uint Masked(uint crc) => ((crc >> 15) | (crc << 17)) + 0xa282ead8;

    private static uint Crc(byte[] data)
    {
        var crc = 0xFFFFFFFFu;
        foreach (var value in data)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) == 1 ? (crc >> 1) ^ 0x82F63B78 : crc >> 1;
            }
        }
        return ~crc;
    }
}

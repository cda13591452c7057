using System.Buffers.Binary;
using System.Text;
using IterativeDpo.Generation;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>What strangers say: bytes, requests, frames, by a seed.</summary>
internal static class StrangeBytes
{
    private const int Alert = 21, RecordHeader = 5;

    private static readonly string[] s_methods =
    [
        "GET",
        "HEAD",
        "PUT",
        "POST",
        "DELETE",
        "PATCH",
        "OPTIONS",
        "TRACE",
        "CONNECT",
        "get",
        "G E T",
        "",
        "\0",
        "PRI",
    ];
    private static readonly string[] s_versions = ["HTTP/1.1", "HTTP/1.0", "HTTP/9.9", "HTTP/2.0", "", "http/1.1"];

    private static readonly string[] s_names =
    [
        "x",
        "nobody",
        "..",
        ".",
        "%2e%2e",
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "../../../../etc/passwd",
        "..%5c..%5cwindows",
        "%00",
        "a%00b",
        "%",
        "%zz",
        "%ff%fe",
        "%c0%ae%c0%ae",
        "%ed%a0%80",
        "a b",
        "a%20b",
        "é",
        "ca.key",
        "-1",
        "0",
        "*",
        "$",
        "user",
        "{name}",
        new string('a', 64),
        new string('0', 63),
        new string('0', 64),
        new string('A', 64),
        new string('g', 64),
        new string('a', 300),
        new string('a', 9000),
        "%2f%2f",
        "a/b",
        "a?b",
        "a%3fb",
        "a#b",
        "'; drop table journal; --",
        "%0d%0aSet-Cookie:%20a=b",
    ];

    private static readonly string[] s_routes =
    [
        "/",
        "/nodes",
        "/nodes/{0}/drain",
        "/campaigns",
        "/campaigns/{0}",
        "/campaigns/{0}?seen={1}",
        "/campaigns/{0}/pause",
        "/campaigns/{0}/resume",
        "/campaigns/{0}/cancel",
        "/campaigns/{0}/report",
        "/campaigns/{0}/summary",
        "/campaigns/ports?seen={1}",
        "/blobs/{0}",
        "/blobs/{0}/{0}",
        "/health/live",
        "/health/ready",
        "/metrics",
        "/{0}",
        "/blobs/../campaigns/{0}",
        "//blobs//{0}", "/%62lobs/{0}", "http://other/nodes", "*", "{0}", "/nodes/{0}/../../blobs/{0}",
    ];

    private static readonly string[] s_queries =
    [
        "-1",
        "0",
        "99999999999999999999",
        "2147483647",
        "-2147483648",
        "x",
        "",
        "1&seen=2",
        "%00",
        "1.5",
        "NaN",
    ];

    private static readonly string[] s_documents =
    [
        "",
        "null",
        "{}",
        "[]",
        "0",
        "\"\"",
        "{",
        "{\"bundle\":null}",
        "{\"bundle\":\"x\"}",
        "{\"bundle\":1}",
        "{\"bundle\":{}}",
        "{\"bundle\":\"\"}",
        "{\"bundle\":\"\\ud800\"}",
        "{\"Bundle\":\"\"}",
        "{\"bundle\":\"" + new string('0', 64) + "\"}",
        "{\"bundle\":\"" + new string('a', 64) + "\",\"bundle\":null}",
        "{\"bundle\":\"../../../etc/passwd\"}",
        "\xff\xfe",
        "1e999",
        new string('[', 70_000), "{\"a\":" + new string('{', 1000),
    ];

    private static readonly string[] s_headers =
    [
        "Host: x",
        "Host:",
        "Host: a\r\nHost: b",
        "Content-Length: -1",
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 99999999999999999999",
        "Content-Length: 0x10",
        "Transfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 4",
        "Transfer-Encoding: gzip, identity",
        "Expect: 100-continue",
        "Expect: 200-maybe",
        "Upgrade: h2c\r\nConnection: Upgrade",
        "Range: bytes=0-",
        "Range: bytes=9-1",
        "Range: bytes=-99999999999999999999",
        "Range: bytes=" + string.Join(',', Enumerable.Repeat("0-1", 500)),
        "If-Match: *",
        "If-None-Match: \"",
        "Cookie: \0",
        ": empty",
        "no colon",
        " folded",
        "X-A: " + new string('a', 40_000),
        string.Join("\r\n", Enumerable.Range(0, 200).Select(i => $"X-{i}: {i}")),
        "traceparent: 00-zz",
        "Accept-Encoding: \xff",
        "Content-Type: application/json; charset=utf-99", "X-HTTP-Method-Override: DELETE", "Content-Encoding: gzip",
    ];

    /// <summary>Bundles of campaigns, more or less: {0} is a name, {1} a number.</summary>
    private const string Bundle = """
        {"format":1,"plan":{"campaign":"{0}","settings":"{2}","rounds":{1},"prompts":{1},"unit-prompts":{1},"held-out-prompts":{1},"max-attempts":{1},"data":"new","initialization":"previous","reference":"base"},
        "settings":{"name":"{0}"},"files":[],"base-model":"{2}","judge-identity":"x"}
        """;

    public static byte[] Random(SplitMix64 random, int most)
    {
        var bytes = new byte[1 + random.Below(random.Below(2) == 0 ? 64 : most)];
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)random.Next();
        }
        return bytes;
    }

    /// <summary>Begins like a TLS client, and has said less than it announced.</summary>
    public static byte[] HalfHello(SplitMix64 random) => [22, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, .. Random(random, 400)[..^0].Take(400)];

    public static byte[] Anything(SplitMix64 random) => random.Below(3) switch
    {
        0 => Random(random, 4096),
        1 => Frames(random),
        _ => Request(random),
    };

    /// <summary>Frames as Akka's transport has them: a length, little-endian, and a message by protobuf.</summary>
    public static byte[] Frames(SplitMix64 random)
    {
        var frames = new List<byte>();
        for (var count = random.Between(1, 5); count > 0; count--)
        {
            var body = random.Below(4) switch
            {
                0 => Random(random, 4096),
                1 => Associate(random),
                // A payload of protobuf that is none.
                2 => Field(1, Random(random, 512)),
                _ => Field(2, Random(random, 64)),
            };
            var length = random.Below(8) switch
            {
                0 => random.Pick([0, -1, int.MinValue, int.MaxValue, 128_000, 128_001, 1 << 24]),
                1 => BinaryPrimitives.ReverseEndianness(body.Length),
                _ => body.Length,
            };
            frames.AddRange([.. BitConverter.GetBytes(length), .. body]);
        }
        return [.. frames];
    }

    /// <summary>A request that is wrong somewhere, or asks for what nobody has.</summary>
    public static byte[] Request(SplitMix64 random)
    {
        var route = random
            .Pick(s_routes)
            .Replace("{0}", random.Pick(s_names), StringComparison.Ordinal)
            .Replace("{1}", random.Pick(s_queries), StringComparison.Ordinal);
        var body = Encoding.Latin1.GetBytes(random.Pick(s_documents));
        if (random.Below(2) == 0)
        {
            // Well-formed, so that it comes to whoever answers for the route.
            return Post(
                random.Pick(s_methods[..4]),
                Uri.IsWellFormedUriString(route, UriKind.Relative) && route.StartsWith('/') ? route : $"/{Uri.EscapeDataString(route)}",
                body);
        }
        var text = new StringBuilder($"{random.Pick(s_methods)} {route} {random.Pick(s_versions)}\r\n");
        for (var count = random.Below(4); count > 0; count--)
        {
            text.Append(random.Pick(s_headers)).Append("\r\n");
        }
        text.Append(
            random.Pick([
                "Connection: close\r\n\r\n",
                $"Content-Length: {body.Length + random.Between(-3, 3)}\r\n\r\n",
                "\r\n",
                "\n\n",
                "",
                "\r\n5\r\nab\r\nzz\r\n0\r\n\r\n",
            ]));
        return [.. Encoding.Latin1.GetBytes(text.ToString()), .. body];
    }

    /// <summary>A request that is well-formed.</summary>
    public static byte[] Post(string method, string path, byte[] body) =>
        [
            .. Encoding.Latin1.GetBytes(
                $"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {body.Length}\r\nContent-Type: application/json\r\n\r\n"),
            .. body,
        ];

    /// <summary>The head of a request whose body is hundreds of MB.</summary>
    public static byte[] HeadOfMuch(SplitMix64 random) => Encoding.Latin1.GetBytes(
        $"{random.Pick(["PUT /blobs/" + new string('1', 64), "POST /campaigns", "POST /campaigns/x/pause", "PUT /nodes", "POST /nodes/x/drain"])} HTTP/1.1\r\nHost: x\r\nContent-Length: {random.Pick([400L << 20, 7L << 30, 9L << 30])}\r\n\r\n");

    /// <summary>A document that may be taken for a campaign's bundle.</summary>
    public static byte[] Document(SplitMix64 random)
    {
        if (random.Below(4) == 0)
        {
            return Random(random, 256);
        }
        var text = Bundle.Replace("{0}", random.Pick(["a", "b", "..", "\\u0000", ""]), StringComparison.Ordinal)
            .Replace("{1}", random.Pick(["0", "-1", "1", "null", "2147483647"]), StringComparison.Ordinal)
            .Replace("{2}", random.Pick([new string('0', 64), new string('0', 63), ""]), StringComparison.Ordinal);
        var at = random.Below(text.Length);
        return Encoding.UTF8.GetBytes(random.Below(2) == 0 ? text : text.Remove(at, Math.Min(random.Between(1, 20), text.Length - at)));
    }

    /// <summary>How many bytes are not TLS alerts.</summary>
    public static int BeyondAlerts(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= RecordHeader
            && bytes[0] == Alert
            && RecordHeader + BinaryPrimitives.ReadUInt16BigEndian(bytes[3..]) is var record
            && record <= bytes.Length)
        {
            bytes = bytes[record..];
        }
        return bytes.Length;
    }

    /// <summary>The status of an HTTP answer; null where it is none.</summary>
    public static string? StatusOf(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= 12 && bytes.StartsWith("HTTP/1."u8) ? Encoding.Latin1.GetString(bytes[9..12]) : null;

    /// <summary>What an actor system says first: who it is.</summary>
    private static byte[] Associate(SplitMix64 random)
    {
        byte[] address = [.. Field(1, "stranger"u8), .. Field(2, "127.0.0.1"u8), 3 << 3, 1, .. Field(4, "tcp"u8)];
        byte[] handshake = [.. Field(1, address), (2 << 3) | 1, .. BitConverter.GetBytes(random.Next())];
        return Field(2, [1 << 3, 1, .. Field(2, handshake)]);
    }

    /// <summary>A field of bytes by protobuf.</summary>
    private static byte[] Field(int number, ReadOnlySpan<byte> bytes)
    {
        var length = new List<byte>();
        for (var left = bytes.Length; ; left >>= 7)
        {
            length.Add((byte)(left > 127 ? left | 128 : left));
            if (left <= 127)
            {
                return [(byte)((number << 3) | 2), .. length, .. bytes];
            }
        }
    }
}

using System.Text;

namespace IterativeDpo.Judging.Command;

/// <summary>A line of a stream.</summary>
/// <param name="Bytes">Without the line's end; of the first line without a byte order mark.</param>
/// <param name="IsCut">Whether it was too long, and its rest is left out.</param>
internal readonly record struct OutputLine(byte[] Bytes, bool IsCut)
{
    /// <summary>For people, and to find whom it answers: what is no UTF-8 is replaced.</summary>
    public string Text => Encoding.UTF8.GetString(Bytes);
}

/// <summary>Lines of a stream that may never end one: what of a line is over the limit is left out.</summary>
/// <param name="longest">Bytes that are kept of a line.</param>
internal sealed class LineReader(Stream stream, int longest) : IDisposable
{
    private readonly byte[] _chunk = new byte[8192];
    private int _next;
    private int _count;
    private bool _isBehindFirst;

    /// <returns>The next line; null at the end of the stream.</returns>
    public async Task<OutputLine?> ReadAsync()
    {
        using var line = new MemoryStream();
        var isCut = false;
        while (true)
        {
            if (_next == _count)
            {
                (_next, _count) = (0, await stream.ReadAsync(_chunk));
                if (_count == 0)
                {
                    return line.Length == 0 ? null : Whole(line, isCut);
                }
            }
            var length = _chunk.AsSpan(_next, _count - _next).IndexOf((byte)'\n');
            var taken = length < 0 ? _count - _next : length;
            isCut |= line.Length + taken > longest;
            line.Write(_chunk, _next, Math.Min(taken, longest - (int)line.Length));
            _next += taken;
            if (length >= 0)
            {
                _next++;
                return Whole(line, isCut);
            }
        }
    }

    public void Dispose() => stream.Dispose();

    private OutputLine Whole(MemoryStream line, bool isCut)
    {
        var bytes = line.GetBuffer().AsSpan(0, (int)line.Length);
        var mark = !_isBehindFirst && bytes.StartsWith(Encoding.UTF8.Preamble) ? Encoding.UTF8.Preamble.Length : 0;
        _isBehindFirst = true;
        return new(bytes[mark..].TrimEnd((byte)'\r').ToArray(), isCut);
    }
}

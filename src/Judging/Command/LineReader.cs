using System.Text;

namespace IterativeDpo.Judging.Command;

/// <summary>Lines of a stream that may never end one: what of a line is over the limit is left out.</summary>
internal sealed class LineReader(Stream stream, int longest) : IDisposable
{
    private readonly StreamReader _reader = new(stream, Encoding.UTF8);
    private readonly char[] _chunk = new char[8192];
    private int _next;
    private int _count;

    /// <returns>The next line, without its end, and whether it was too long; null at the end of the stream.</returns>
    public async Task<(string Text, bool IsCut)?> ReadAsync()
    {
        var line = new StringBuilder();
        var isCut = false;
        while (true)
        {
            if (_next == _count)
            {
                (_next, _count) = (0, await _reader.ReadAsync(_chunk));
                if (_count == 0)
                {
                    return line.Length == 0 ? null : (line.ToString(), isCut);
                }
            }
            var length = _chunk.AsSpan(_next, _count - _next).IndexOf('\n');
            var taken = length < 0 ? _count - _next : length;
            isCut |= line.Length + taken > longest;
            line.Append(_chunk, _next, Math.Min(taken, longest - line.Length));
            _next += taken;
            if (length >= 0)
            {
                _next++;
                return (line.ToString().TrimEnd('\r'), isCut);
            }
        }
    }

    public void Dispose() => _reader.Dispose();
}

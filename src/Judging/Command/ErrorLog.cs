using IterativeDpo.Artifacts.Store;

namespace IterativeDpo.Judging.Command;

/// <summary>
/// What a program says on its standard error: the last lines for messages, and in a file of bounded size. Any number of callers at once.
/// </summary>
/// <param name="path">The file; begun anew when it is full.</param>
internal sealed class ErrorLog(string path) : IDisposable
{
    public const int LongestLine = 1000;
    public const int MostBytes = 1 << 20;
    private const int LinesKept = 10;

    private readonly Lock _lock = new();
    private readonly Queue<string> _last = [];
    private StreamWriter? _file;
    private bool _isKept;

    /// <summary>The last lines, in the words of a message.</summary>
    public string Tail
    {
        get
        {
            lock (_lock)
            {
                return _last.Count == 0
                    ? "it wrote nothing to its standard error"
                    : $"the last it wrote to its standard error:\n{string.Join('\n', _last)}";
            }
        }
    }

    /// <summary>From now on lines go to the file as well, those remembered first.</summary>
    /// <exception cref="StorageException">The file cannot be written.</exception>
    public void Keep()
    {
        lock (_lock)
        {
            if (_isKept)
            {
                return;
            }
            try
            {
                System.IO.Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                // Not opened for appending: such a file cannot be cut down to less than it had when it was opened.
                var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
                file.Seek(0, SeekOrigin.End);
                _file = new StreamWriter(file) { AutoFlush = true };
                foreach (var line in _last)
                {
                    Write(line);
                }
            }
            catch (Exception e) when (IoFailure.Is(e))
            {
                Close();
                throw IoFailure.Explain(path, "cannot be written", e);
            }
            _isKept = true;
        }
    }

    public void Add(string line)
    {
        lock (_lock)
        {
            _last.Enqueue(line);
            if (_last.Count > LinesKept)
            {
                _last.Dequeue();
            }
            try
            {
                Write(line);
            }
            catch (Exception e) when (IoFailure.Is(e))
            {
                // A log that cannot be written stops no judge: the last lines are still in messages.
                Close();
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            Close();
        }
    }

    private void Close()
    {
        var file = _file;
        _file = null;
        try
        {
            file?.Dispose();
        }
        catch (Exception e) when (IoFailure.Is(e))
        {
            // What was left to write is what could not be written.
        }
    }

    private void Write(string line)
    {
        if (_file is null)
        {
            return;
        }
        if (_file.BaseStream.Length > MostBytes)
        {
            _file.BaseStream.SetLength(0);
        }
        _file.WriteLine(line);
    }
}

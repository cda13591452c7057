using System.Threading.Channels;

namespace IterativeDpo.Host.Notices;

/// <summary>
/// Delivers notices one after the other, off the campaign's threads: whoever has one waits for nothing. Where too many wait, the oldest are
/// given up.
/// </summary>
internal sealed class NoticeQueue : IAsyncDisposable
{
    private const int Most = 1000;

    private readonly Channel<Notice> _waiting;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _delivering;
    private int _open;

    /// <param name="deliver">Says by an exception of its own that it cannot.</param>
    /// <param name="note">Told of each that could not be delivered.</param>
    public NoticeQueue(Func<Notice, CancellationToken, Task> deliver, Action<string> note)
    {
        _waiting = Channel.CreateBounded<Notice>(
            new BoundedChannelOptions(Most) { FullMode = BoundedChannelFullMode.DropOldest },
            _ => Interlocked.Decrement(ref _open));
        _delivering = Task.Run(() => DeliverAsync(deliver, note));
    }

    public void Add(Notice notice)
    {
        Interlocked.Increment(ref _open);
        if (!_waiting.Writer.TryWrite(notice))
        {
            Interlocked.Decrement(ref _open);
        }
    }

    /// <summary>Has what waits delivered, for as long as there is patience.</summary>
    /// <returns>How many were not.</returns>
    public async Task<int> FinishAsync(TimeSpan patience)
    {
        _waiting.Writer.TryComplete();
        await Task.WhenAny(_delivering, Task.Delay(patience, CancellationToken.None));
        await _stop.CancelAsync();
        await _delivering;
        return _open;
    }

    public async ValueTask DisposeAsync()
    {
        await FinishAsync(TimeSpan.Zero);
        _stop.Dispose();
    }

    private async Task DeliverAsync(Func<Notice, CancellationToken, Task> deliver, Action<string> note)
    {
        try
        {
            await foreach (var notice in _waiting.Reader.ReadAllAsync(_stop.Token))
            {
                try
                {
                    await deliver(notice, _stop.Token);
                }
                catch (NoticeException e)
                {
                    note($"warning: the notice that {notice.Text.TrimEnd('.')} was not delivered: {e.Message}");
                }
                Interlocked.Decrement(ref _open);
            }
        }
        catch (OperationCanceledException)
        {
            // The run ends: what is left is counted.
        }
    }
}

/// <summary>A notice cannot be delivered.</summary>
internal sealed class NoticeException(string message, Exception? inner = null) : Exception(message, inner);

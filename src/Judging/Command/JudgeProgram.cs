using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Text;

namespace IterativeDpo.Judging.Command;

/// <summary>A program ended, or was stopped, with a request unanswered.</summary>
/// <param name="isBystander">Whether the program was stopped because of another request.</param>
internal sealed class ProgramEndedException(string message, bool isBystander) : Exception(message)
{
    public bool IsBystander { get; } = isBystander;
}

/// <summary>
/// One run of a program: requests go to its standard input, and the lines it answers with are matched by their id. Any number of requests
/// at once.
/// </summary>
internal sealed class JudgeProgram : IAsyncDisposable
{
    private const int LongestLine = 16 << 20;
    private static readonly TimeSpan _drainTimeout = TimeSpan.FromSeconds(5);

    private readonly Process _process;
    private readonly ErrorLog _log;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, TaskCompletionSource<string>> _open = [];
    private readonly ConcurrentDictionary<string, bool> _abandoned = [];
    private readonly SemaphoreSlim _input = new(1);
    private int _answers;
    private Stopping? _stopping;
    private volatile ProgramEndedException? _end;

    private JudgeProgram(Process process, ErrorLog log, TimeProvider time)
    {
        (_process, _log, _time) = (process, log, time);
        Ended = Task.Run(RunAsync);
    }

    private sealed record Stopping(string Reason, bool IsForOneRequest);

    /// <summary>Ends when the program has ended, with the reason.</summary>
    public Task<string> Ended { get; }

    /// <summary>Whether requests fail at once; so before they are told, and before <see cref="Ended"/> is complete.</summary>
    public bool HasEnded => _end is not null;

    /// <summary>How many requests it answered.</summary>
    public int Answers => Volatile.Read(ref _answers);

    /// <exception cref="UserInputException">There is no such program, or it may not be run.</exception>
    public static JudgeProgram Start(CommandOptions options, string setting, ErrorLog log, TimeProvider time)
    {
        // A bare name is looked for where programs are; a path is relative to the directory.
        var program = options.Command[0].Contains('/') ? Path.GetFullPath(options.Command[0], options.Directory) : options.Command[0];
        var start = new ProcessStartInfo(program, options.Command.Skip(1))
        {
            WorkingDirectory = options.Directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            return new JudgeProgram(Process.Start(start)!, log, time);
        }
        catch (Win32Exception e)
        {
            throw new UserInputException(
                $"{setting}.command: {program} cannot be started: {e.Message}. Correct its path, or make it executable.",
                e);
        }
    }

    /// <summary>
    /// The line that answers a request. A program that says nothing at all until the request is cancelled hangs, and is stopped.
    /// </summary>
    /// <exception cref="ProgramEndedException">The program ended without an answer.</exception>
    /// <exception cref="CommandException">The line is no text.</exception>
    public async Task<string> AskAsync(string id, byte[] request, CancellationToken cancellationToken)
    {
        var answersBefore = Answers;
        var answer = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        _open[id] = answer;
        if (_end is { } end)
        {
            throw end;
        }
        _ = SendAsync(request);
        try
        {
            return await answer.Task.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            _abandoned[id] = true;
            _open.TryRemove(id, out _);
            if (Answers == answersBefore)
            {
                Stop(new Stopping($"it was stopped, because it did not answer {id} in time", IsForOneRequest: true));
            }
            throw;
        }
    }

    /// <summary>Lets the program end by itself, and kills it, with all that it started, if it does not.</summary>
    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        using var patience = new CancellationTokenSource();
        await Task.WhenAny(Ended, Task.Delay(TimeSpan.FromSeconds(3), _time, patience.Token));
        await patience.CancelAsync();
        Stop(new Stopping("the judge was closed", IsForOneRequest: false));
        await Ended;
        _process.Dispose();
    }

    private void Stop(Stopping stopping)
    {
        Interlocked.CompareExchange(ref _stopping, stopping, null);
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or AggregateException or Win32Exception)
        {
            // It has ended.
        }
    }

    private async Task SendAsync(byte[] request)
    {
        await _input.WaitAsync();
        try
        {
            var stream = _process.StandardInput.BaseStream;
            await stream.WriteAsync(request);
            await stream.FlushAsync();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // It does not listen any more: it ends, which everybody hears, or is stopped when the request runs out of time.
        }
        finally
        {
            _input.Release();
        }
    }

    private async Task<string> RunAsync()
    {
        var output = Task.WhenAll(ReadAnswersAsync(), ReadErrorsAsync());
        await _process.WaitForExitAsync();
        using var drained = new CancellationTokenSource();
        // Something else that the program started may hold on to its output.
        await Task.WhenAny(output, Task.Delay(_drainTimeout, _time, drained.Token));
        await drained.CancelAsync();
        var stopping = Volatile.Read(ref _stopping);
        var reason = stopping?.Reason ?? $"it ended with exit code {_process.ExitCode}";
        _end = new ProgramEndedException($"the program did not answer: {reason}; {_log.Tail}", stopping is { IsForOneRequest: true });
        foreach (var answer in _open.Values)
        {
            answer.TrySetException(_end);
        }
        return reason;
    }

    private async Task ReadAnswersAsync()
    {
        using var lines = new LineReader(_process.StandardOutput.BaseStream, LongestLine);
        while (await lines.ReadAsync() is { } line)
        {
            var text = line.Text;
            var id = line.IsCut ? null : CommandProtocol.ReadId(text);
            var fault = TextFault.OfJson(line.Bytes);
            if (id is not null && _open.TryRemove(id, out var answer))
            {
                Interlocked.Increment(ref _answers);
                if (fault is null)
                {
                    answer.TrySetResult(text);
                }
                else
                {
                    answer.TrySetException(new CommandException($"{CommandProtocol.Quote(text)} is no answer: {fault}"));
                }
            }
            else if (text.Length > 0 && (id is null || !_abandoned.TryRemove(id, out _)))
            {
                Stop(new Stopping(
                    $"it was stopped, because it wrote {CommandProtocol.Quote(text)}, which answers no request (its standard output is for answers alone){(fault is null ? "" : $"; {fault}")}",
                    IsForOneRequest: false));
                // What it wrote after that is not to be trusted either.
                return;
            }
        }
    }

    private async Task ReadErrorsAsync()
    {
        using var lines = new LineReader(_process.StandardError.BaseStream, ErrorLog.LongestLine);
        while (await lines.ReadAsync() is { } line)
        {
            _log.Add(line.Text);
        }
    }
}

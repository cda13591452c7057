using IterativeDpo.Artifacts;
using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Command;

/// <summary>
/// Asks a program of the user's own, by JSON lines on its standard input and output. The program is started with the first request, and
/// again when it ends or hangs: a bounded number of times in a row, with growing waits.
/// </summary>
/// <param name="setting">The section of the judge's settings, e.g. <c>campaign.judging.judges.mine</c>, for messages.</param>
/// <param name="errorLogPath">The file that gets what the program writes to its standard error; made with the first verdict.</param>
public sealed class CommandJudge(string setting, CommandOptions options, string errorLogPath, TimeProvider time) : IJudge
{
    private static readonly TimeSpan _shortestBackOff = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _longestBackOff = TimeSpan.FromSeconds(2);

    private readonly ErrorLog _log = new(errorLogPath);
    private readonly SemaphoreSlim _starting = new(1);
    private JudgeProgram? _program;
    private int _fruitlessRuns;
    private string _lastEnd = "";
    private long _requests;
    private bool _isClosed;

    public string Name => options.Name;

    public bool ScoresSingleSamples => options.ScoresSingleSamples;

    /// <summary>Starts the program, and makes sure that it stays up.</summary>
    /// <exception cref="UserInputException">It does not; has its last words.</exception>
    public async Task CheckAsync(IEnumerable<Prompt> prompts, CancellationToken cancellationToken)
    {
        var program = await RunningAsync(cancellationToken);
        await Task.WhenAny(program.Ended, Task.Delay(options.StartTime, time, cancellationToken));
        cancellationToken.ThrowIfCancellationRequested();
        if (program.Ended.IsCompleted)
        {
            throw Unusable($"does not stay up: {await program.Ended}");
        }
    }

    /// <exception cref="CommandException">The program failed on the prompt, or ended, or its answer is none.</exception>
    /// <exception cref="UserInputException">The program cannot be started, or keeps ending without an answer.</exception>
    public async Task<Verdict> JudgeAsync(PromptSamples samples, CancellationToken cancellationToken)
    {
        _log.Keep();
        while (true)
        {
            var program = await RunningAsync(cancellationToken);
            var id = $"{samples.Prompt.Id}/{Interlocked.Increment(ref _requests)}";
            try
            {
                var line = await program.AskAsync(id, CommandProtocol.WriteRequest(id, samples), cancellationToken);
                return CommandProtocol.ReadVerdict(line, samples, options.ScoresSingleSamples);
            }
            catch (ProgramEndedException e) when (e.IsBystander)
            {
                // Another request was what it hung on: this one is asked again, of the next run.
            }
            catch (ProgramEndedException e)
            {
                throw new CommandException(e.Message);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _isClosed = true;
        await _starting.WaitAsync();
        try
        {
            await EndAsync();
        }
        finally
        {
            _starting.Release();
        }
        _log.Dispose();
    }

    /// <summary>The program, started if it is not running.</summary>
    private async Task<JudgeProgram> RunningAsync(CancellationToken cancellationToken)
    {
        await _starting.WaitAsync(cancellationToken);
        try
        {
            if (_program is { HasEnded: false })
            {
                return _program;
            }
            await EndAsync();
            ObjectDisposedException.ThrowIf(_isClosed, this);
            if (_fruitlessRuns > options.Restarts)
            {
                throw Unusable(
                    $"ended {_fruitlessRuns} times in a row without an answer ({setting}.restarts), the last time because {_lastEnd}");
            }
            if (_fruitlessRuns > 0)
            {
                var wait = _shortestBackOff * Math.Pow(2, _fruitlessRuns - 1);
                await Task.Delay(wait < _longestBackOff ? wait : _longestBackOff, time, cancellationToken);
            }
            return _program = JudgeProgram.Start(options, setting, _log, time);
        }
        finally
        {
            _starting.Release();
        }
    }

    private async Task EndAsync()
    {
        if (_program is not { } program)
        {
            return;
        }
        _program = null;
        await program.DisposeAsync();
        _lastEnd = await program.Ended;
        _fruitlessRuns = program.Answers > 0 ? 0 : _fruitlessRuns + 1;
    }

    private UserInputException Unusable(string why) =>
        new($"{setting}.command: {options.Command[0]} in {options.Directory} {why}; {_log.Tail}");
}

using System.Globalization;
using IterativeDpo.Artifacts;
using IterativeDpo.Generation;
using IterativeDpo.Judging.Models;

namespace IterativeDpo.Judging.Http;

/// <summary>
/// Asks an OpenAI-compatible service: each request once, whoever asks and however often. A request finds its stored answer, or is sent to
/// the service, again while its failures may pass, until all its tries are made: they are counted for as long as this lives, those of other
/// nodes among them, so that asking once more gives no further ones. One that another node has sent is waited for. It goes on when its
/// caller gives up, so that what is paid for is kept. Any number of callers at once.
/// </summary>
public sealed class ChatService : IAsyncDisposable
{
    private static readonly TimeSpan _longestBackOff = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan _lastAnswersTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan _lookInterval = TimeSpan.FromMilliseconds(500);

    private readonly string _setting;
    private readonly ServiceOptions _options;
    private readonly Func<(int Calls, long Tokens)>? _raised;
    private readonly Action<string> _note;
    private readonly HashSet<string> _told = [];
    private readonly TimeProvider _time;
    private readonly CallLog _log;
    private readonly RateLimit _limit;
    private readonly ServiceCalls _calls;
    private readonly Dictionary<string, Task<(ChatAnswer Answer, bool IsCached)>> _asked = [];
    private readonly CancellationTokenSource _noMoreCalls = new();
    private readonly CancellationTokenSource _abort = new();

    /// <param name="setting">The section of the judge's settings, e.g. <c>campaign.judging.judges.gpt</c>, for messages.</param>
    /// <param name="ledger">Opens the ledger of calls and answers, with the first request.</param>
    /// <param name="note">Told what the user should know of earlier runs, and the first failure of a kind.</param>
    /// <param name="raised">What somebody has raised the budget to meanwhile; 0: to nothing.</param>
    public ChatService(
        string setting,
        ServiceOptions options,
        Func<ILedger> ledger,
        Action<string> note,
        TimeProvider time,
        Func<(int Calls, long Tokens)>? raised = null)
    {
        (_setting, _options, _note, _time, _raised) = (setting, options, note, time, raised);
        _log = new CallLog(ledger, time);
        _limit = new RateLimit(options.RequestsPerMinute, time);
        _calls = new ServiceCalls(setting, options, _log, _limit, () => Budget, note, time, _noMoreCalls.Token, _abort.Token);
    }

    /// <summary>
    /// The share of its budget that is spent, as far as the ledger was read; the larger one of calls and tokens, and null where it has
    /// none.
    /// </summary>
    internal double? BudgetSpent => _log.See(answers => new double?[]
    {
        Budget.Calls > 0 ? (double)answers.Calls / Budget.Calls : null,
        Budget.Tokens > 0 ? (double)answers.Tokens / Budget.Tokens : null,
    }.Max());

    /// <summary>0 is without limit.</summary>
    private (int Calls, long Tokens) Budget => _raised?.Invoke() is var (calls, tokens)
        ? (
            _options.BudgetCalls == 0 ? 0 : Math.Max(_options.BudgetCalls, calls),
            _options.BudgetTokens == 0 ? 0 : Math.Max(_options.BudgetTokens, tokens))
        : (_options.BudgetCalls, _options.BudgetTokens);

    /// <summary>The judge's section of the settings.</summary>
    internal string Section => _setting;

    /// <inheritdoc cref="ServiceCalls.CheckAsync"/>
    internal Task CheckAsync(CancellationToken cancellationToken) => _calls.CheckAsync(cancellationToken);

    /// <summary>Takes in what others have asked and were answered; waits for as long as that cannot be read.</summary>
    /// <exception cref="UserInputException">It is damaged.</exception>
    internal async Task LoadAsync(CancellationToken cancellationToken)
    {
        if (await _log.ReadAsync(cancellationToken) is > 0 and var unanswered && !_log.IsShared)
        {
            _note(
                $"{_setting}: questions that earlier runs sent and that have no answer: {unanswered}. They are asked again, and the budget counts both calls.");
        }
    }

    /// <param name="request">The call's body: equal bytes are the same request.</param>
    /// <param name="wanted">What of the answer is used: that must be there.</param>
    /// <returns>The answer, and whether another request has paid for it.</returns>
    /// <exception cref="JudgeModelException">No usable answer, perhaps after all tries.</exception>
    /// <exception cref="UserInputException">The budget is spent, or the service wants something of the user.</exception>
    internal async Task<(ChatAnswer Answer, bool IsCached)> AskAsync(
        byte[] request,
        WantedAnswer wanted,
        CancellationToken cancellationToken)
    {
        var question = new ChatQuestion(Digest.Of(request).Hex, request, wanted);
        Task<(ChatAnswer Answer, bool IsCached)>? answer;
        bool isShared;
        lock (_asked)
        {
            if (_log.See(question.Find) is { } known)
            {
                return (known, true);
            }
            isShared = _asked.TryGetValue(question.Name, out answer);
            if (!isShared)
            {
                _asked[question.Name] = answer = Task.Run(() => PayAsync(question));
            }
        }
        var (given, isCached) = await answer!.WaitAsync(cancellationToken);
        return (given, isCached || isShared);
    }

    /// <summary>
    /// Makes no further calls; those that are out, and paid for, have a moment to come back. An answer that came is put into the ledger all
    /// the same, however long that takes.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        await _noMoreCalls.CancelAsync();
        Task[] asked;
        lock (_asked)
        {
            asked = [.. _asked.Values];
        }
        await Task.WhenAny(Task.WhenAll(asked), Task.Delay(_lastAnswersTimeout, _time));
        await _abort.CancelAsync();
        _log.Dispose();
        _calls.Dispose();
    }

    private async Task<(ChatAnswer Answer, bool IsCached)> PayAsync(ChatQuestion question)
    {
        try
        {
            if (!_log.IsRead)
            {
                await LoadAsync(_noMoreCalls.Token);
            }
            return await TryAsync(question);
        }
        finally
        {
            lock (_asked)
            {
                _asked.Remove(question.Name);
            }
        }
    }

    private async Task<(ChatAnswer Answer, bool IsCached)> TryAsync(ChatQuestion question)
    {
        while (true)
        {
            if (_log.See(question.Find) is { } known)
            {
                return (known, true);
            }
            TriesMade(question);
            if (_log.See(answers => IsOutElsewhere(question, answers)))
            {
                await Task.Delay(_lookInterval, _time, _noMoreCalls.Token);
                await _log.ReadAsync(_noMoreCalls.Token);
                continue;
            }
            try
            {
                if (await _calls.MakeAsync(question, answers => IsDue(question, answers)) is { } answer)
                {
                    return (answer, false);
                }
            }
            catch (PassingFailureException e)
            {
                var tries = TriesMade(question);
                Tell(e.Message);
                if (e.RetryAfter is { } wait && wait > TimeSpan.Zero)
                {
                    _limit.Pause(wait);
                }
                else
                {
                    await Task.Delay(BackOff(question.Name, tries), _time, _noMoreCalls.Token);
                }
            }
        }
    }

    private bool IsDue(ChatQuestion question, AnswerCache answers) =>
        question.Find(answers) is null && !IsOutElsewhere(question, answers) && answers.TriesOf(question.Name).Count <= _options.Retries;

    /// <summary>
    /// Another node has sent it, and may be waiting for the answer; when no call takes so long, that node is dead. Our own call is over
    /// whenever this is asked.
    /// </summary>
    private bool IsOutElsewhere(ChatQuestion question, AnswerCache answers) =>
        _log.IsShared
        && answers.OutSince(question.Name) is { } since
        && _time.GetElapsedTime(since) < _options.Timeout + _lastAnswersTimeout;

    /// <exception cref="JudgeModelException">All are made.</exception>
    private int TriesMade(ChatQuestion question)
    {
        var (count, lastFailure) = _log.See(answers => answers.TriesOf(question.Name));
        return count <= _options.Retries
            ? count
            : throw new JudgeModelException(
                $"{lastFailure ?? $"{_options.Url} gave no answer"}, in {count} {(count == 1 ? "try" : "tries")} ({_setting}.retries: more are made when that is raised, or this is started again)");
    }

    /// <summary>A failure that passes is not seen otherwise, and the wait after it may outlast the time for a verdict.</summary>
    private void Tell(string failure)
    {
        lock (_told)
        {
            // By its kind: what the service says of it may be new each time.
            if (!_told.Add(failure.Split('(')[0]))
            {
                return;
            }
        }
        _note($"{_setting}: {failure}. It is tried again.");
    }

    /// <summary>Doubles from try to try; a half of it is drawn from the request, so that requests do not come back together.</summary>
    private TimeSpan BackOff(string name, int tries)
    {
        var draw = SampleSeed.Mix(ulong.Parse(name.AsSpan(0, 16), NumberStyles.HexNumber) + (ulong)tries);
        var whole = _options.BackOff * Math.Pow(2, tries - 1);
        return (whole < _longestBackOff ? whole : _longestBackOff) * (0.5 + new SplitMix64(draw).NextDouble() / 2);
    }
}

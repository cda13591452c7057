using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using IterativeDpo.Artifacts;
using IterativeDpo.Generation;
using IterativeDpo.Judging.Models;

namespace IterativeDpo.Judging.Http;

/// <summary>
/// Asks an OpenAI-compatible service: each request once, whoever asks and however often. A request finds its stored answer, or goes through
/// the budget and the limits of concurrency and rate to the service, again while its failures may pass, until all its tries are made:
/// they are counted for as long as this lives, so that asking once more gives no further ones. It goes on when its caller gives up, so
/// that what is paid for is kept. Any number of callers at once.
/// </summary>
public sealed class ChatService : IAsyncDisposable
{
    private static readonly TimeSpan _longestBackOff = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan _lastAnswersTimeout = TimeSpan.FromSeconds(2);

    private readonly string _setting;
    private readonly ServiceOptions _options;
    private readonly Action<string> _note;
    private readonly HashSet<string> _told = [];
    private readonly TimeProvider _time;
    private readonly ServiceConnection _connection;
    private readonly ServiceFailure _failure;
    private readonly Lock _lock = new();
    private readonly Lazy<AnswerCache> _cache;
    private readonly Dictionary<string, Task<ChatAnswer>> _asked = [];
    private readonly SemaphoreSlim _slots;
    private readonly RateLimit _limit;
    private readonly CancellationTokenSource _noMoreCalls = new();
    private readonly CancellationTokenSource _abort = new();
    private volatile bool _limitsCompletionTokens;

    /// <param name="setting">The section of the judge's settings, e.g. <c>campaign.judging.judges.gpt</c>, for messages.</param>
    /// <param name="cachePath">The file of stored answers; opened with the first request.</param>
    /// <param name="note">Told what the user should know of earlier runs, and the first failure of a kind.</param>
    public ChatService(string setting, ServiceOptions options, string cachePath, Action<string> note, TimeProvider time)
    {
        (_setting, _options, _note, _time) = (setting, options, note, time);
        _connection = new ServiceConnection(setting, options, time);
        _failure = new ServiceFailure(setting, options, _connection.Hide);
        _cache = new Lazy<AnswerCache>(() => Open(cachePath, note));
        _limitsCompletionTokens = options.TokenLimit == TokenLimit.MaxCompletionTokens;
        _slots = new SemaphoreSlim(options.Concurrency);
        _limit = new RateLimit(options.RequestsPerMinute, time);
    }

    /// <summary>Makes sure that the service is there and takes the key.</summary>
    /// <exception cref="UserInputException">It is not, or it does not.</exception>
    internal async Task CheckAsync(CancellationToken cancellationToken)
    {
        try
        {
            var reply = await _connection.SendAsync("models", null, cancellationToken);
            // Not every service lists its models.
            if (!IsSuccess(reply) && reply.Status is not (HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed))
            {
                throw _failure.Of(reply);
            }
        }
        catch (Exception e) when (e is PassingFailureException or JudgeModelException)
        {
            throw new UserInputException($"{_setting}: {e.Message}. Start the service or wait until it is ready, or correct {_setting}.url.", e);
        }
    }

    /// <param name="request">The call's body: equal bytes are the same request.</param>
    /// <param name="wanted">What of the answer is used: that must be there.</param>
    /// <returns>The answer, and whether another request has paid for it.</returns>
    /// <exception cref="JudgeModelException">No usable answer, perhaps after all tries.</exception>
    /// <exception cref="UserInputException">The budget is spent, or the service wants something of the user.</exception>
    internal async Task<(ChatAnswer Answer, bool IsCached)> AskAsync(byte[] request, WantedAnswer wanted, CancellationToken cancellationToken)
    {
        var name = Digest.Of(request).Hex;
        Task<ChatAnswer>? answer;
        bool isCached;
        lock (_lock)
        {
            if (_cache.Value.Find(name) is { } known && IsUsable(known, wanted))
            {
                return (known, true);
            }
            isCached = _asked.TryGetValue(name, out answer);
            if (!isCached)
            {
                _asked[name] = answer = Task.Run(() => PayAsync(name, request, wanted));
            }
        }
        return (await answer!.WaitAsync(cancellationToken), isCached);
    }

    /// <summary>Makes no further calls; those that are out, and paid for, have a moment to come back.</summary>
    public async ValueTask DisposeAsync()
    {
        await _noMoreCalls.CancelAsync();
        Task[] asked;
        lock (_lock)
        {
            asked = [.. _asked.Values];
        }
        await Task.WhenAny(Task.WhenAll(asked), Task.Delay(_lastAnswersTimeout, _time));
        await _abort.CancelAsync();
        lock (_lock)
        {
            if (_cache.IsValueCreated)
            {
                _cache.Value.Dispose();
            }
        }
        _connection.Dispose();
    }

    private AnswerCache Open(string path, Action<string> note)
    {
        var cache = new AnswerCache(path);
        if (cache.Unanswered is > 0 and var unanswered)
        {
            note($"{_setting}: questions that earlier runs sent and that have no answer: {unanswered}. They are asked again, and the budget counts both calls.");
        }
        return cache;
    }

    private void RefuseOverBudget()
    {
        if (_options.BudgetCalls > 0 && _cache.Value.Calls >= _options.BudgetCalls)
        {
            throw Spent("calls", _options.BudgetCalls);
        }
        if (_options.BudgetTokens > 0 && _cache.Value.Tokens >= _options.BudgetTokens)
        {
            throw Spent("tokens", _options.BudgetTokens);
        }

        UserInputException Spent(string what, long budget) =>
            new($"{_setting}: its budget of {budget} {what} is spent. Raise {_setting}.budget-{what} (0: no limit), and run again.");
    }

    private async Task<ChatAnswer> PayAsync(string name, byte[] request, WantedAnswer wanted)
    {
        try
        {
            return await TryAsync(name, request, wanted);
        }
        finally
        {
            lock (_lock)
            {
                _asked.Remove(name);
            }
        }
    }

    /// <summary>Versions before this one kept whatever came: what is none is asked for again.</summary>
    private static bool IsUsable(ChatAnswer stored, WantedAnswer wanted)
    {
        try
        {
            return wanted == WantedAnswer.Logprobs || AnswerText.Of(stored.Text, stored.IsCut && wanted == WantedAnswer.WholeText) == stored.Text;
        }
        catch (JudgeModelException)
        {
            return false;
        }
    }

    /// <returns>The answer as it is used.</returns>
    private ChatAnswer Complete(ChatAnswer answer, WantedAnswer wanted)
    {
        if (answer.Problem is { } problem)
        {
            throw new JudgeModelException($"{_options.Url}: {_connection.Hide(problem)}");
        }
        if (wanted == WantedAnswer.Logprobs && answer is { FirstToken: null, Text.Length: > 0 })
        {
            throw new UserInputException(
                $"{_setting}: {_options.Url} gives no log-probabilities for {_options.Model}. Choose a model or a service that does, or set {_setting}.logprobs = off to take the first word of its answers.");
        }
        if (_options.BudgetTokens > 0 && (answer.InputTokens is null || answer.OutputTokens is null))
        {
            throw new UserInputException(
                $"{_setting}: {_options.Url} does not say how many tokens a call costs. Set {_setting}.budget-tokens = 0, and limit {_setting}.budget-calls instead.");
        }
        return wanted == WantedAnswer.Logprobs ? answer : answer with { Text = AnswerText.Of(answer.Text, answer.IsCut && wanted == WantedAnswer.WholeText) };
    }

    private async Task<ChatAnswer> TryAsync(string name, byte[] request, WantedAnswer wanted)
    {
        TriesMade(name);
        while (true)
        {
            try
            {
                return await CallAsync(name, request, wanted);
            }
            catch (PassingFailureException e)
            {
                var tries = TriesMade(name);
                Tell(e.Message);
                if (e.RetryAfter is { } wait && wait > TimeSpan.Zero)
                {
                    _limit.Pause(wait);
                }
                else
                {
                    await Task.Delay(BackOff(name, tries), _time, _noMoreCalls.Token);
                }
            }
        }
    }

    /// <exception cref="JudgeModelException">All are made.</exception>
    private int TriesMade(string name)
    {
        lock (_lock)
        {
            var (count, lastFailure) = _cache.Value.TriesOf(name);
            return count <= _options.Retries
                ? count
                : throw new JudgeModelException($"{lastFailure ?? $"{_options.Url} gave no answer"}, in {count} {(count == 1 ? "try" : "tries")} ({_setting}.retries: more are made when that is raised, or this is started again)");
        }
    }

    /// <summary>A failure that passes is not seen otherwise, and the wait after it may outlast the time for a verdict.</summary>
    private void Tell(string failure)
    {
        lock (_lock)
        {
            // By its kind: what the service says of it may be new each time.
            if (!_told.Add(failure.Split('(')[0]))
            {
                return;
            }
        }
        _note($"{_setting}: {failure}. It is tried again.");
    }

    /// <summary>A call holds its slot until its answer is stored: a killed process leaves no more calls without one than there are slots.</summary>
    private async Task<ChatAnswer> CallAsync(string name, byte[] request, WantedAnswer wanted)
    {
        await _slots.WaitAsync(_noMoreCalls.Token);
        try
        {
            await _limit.WaitAsync(_noMoreCalls.Token);
            var answer = await SendAsync(name, request);
            try
            {
                answer = Complete(answer, wanted);
            }
            catch (Exception e)
            {
                Record(cache => cache.AddUseless(name, answer, e.Message));
                throw;
            }
            Record(cache => cache.AddAnswer(name, answer));
            return answer;
        }
        finally
        {
            _slots.Release();
        }
    }

    private async Task<ChatAnswer> SendAsync(string name, byte[] request)
    {
        Record(cache =>
        {
            RefuseOverBudget();
            cache.AddCall(name);
        });
        var isRenamed = _limitsCompletionTokens;
        try
        {
            var reply = await _connection.SendAsync("chat/completions", isRenamed ? WithCompletionTokens(request) : request, _abort.Token);
            if (isRenamed || !AsksForCompletionTokens(reply))
            {
                return IsSuccess(reply) ? _failure.Within(reply) is { } error ? throw error : Parse(reply) : throw _failure.Of(reply);
            }
        }
        catch (PassingFailureException e) when (e.MayBePaid)
        {
            Record(cache => cache.AddLoss(name, e.Message));
            throw;
        }
        catch (Exception e) when (e is UserInputException or JudgeModelException or PassingFailureException)
        {
            Record(cache => cache.AddRefusal(name, e is UserInputException ? null : e.Message));
            throw;
        }
        Record(cache =>
        {
            cache.AddRefusal(name, null);
            if (!_limitsCompletionTokens)
            {
                _limitsCompletionTokens = true;
                _note($"{_setting}: {_options.Url} takes no max_tokens for {_options.Model}; it gets max_completion_tokens from now on ({_setting}.token-limit = max-completion-tokens says so from the start).");
            }
        });
        return await SendAsync(name, request);
    }

    private bool AsksForCompletionTokens(ServiceReply reply) =>
        reply.Status == HttpStatusCode.BadRequest && _options.TokenLimit == TokenLimit.Auto
        && reply.Body.Contains("max_completion_tokens", StringComparison.Ordinal)
        && (reply.Body.Contains("support", StringComparison.OrdinalIgnoreCase) || reply.Body.Contains("instead", StringComparison.OrdinalIgnoreCase));

    /// <summary>The same question: its stored answer is known by the name that it has without this.</summary>
    private static byte[] WithCompletionTokens(byte[] request)
    {
        var body = JsonNode.Parse(request)!.AsObject();
        body.Remove("max_tokens", out var limit);
        body["max_completion_tokens"] = limit;
        return JsonSerializer.SerializeToUtf8Bytes(body);
    }

    private ChatAnswer Parse(ServiceReply reply)
    {
        try
        {
            return ChatAnswer.Parse(reply.Body);
        }
        catch (JsonException e)
        {
            throw new PassingFailureException($"{_options.Url} answers with something else than a chat completion: {e.Message}", null, e) { MayBePaid = true };
        }
    }

    private void Record(Action<AnswerCache> add)
    {
        lock (_lock)
        {
            add(_cache.Value);
        }
    }

    /// <summary>Doubles from try to try; a half of it is drawn from the request, so that requests do not come back together.</summary>
    private TimeSpan BackOff(string name, int tries)
    {
        var draw = SampleSeed.Mix(ulong.Parse(name.AsSpan(0, 16), NumberStyles.HexNumber) + (ulong)tries);
        var whole = _options.BackOff * Math.Pow(2, tries - 1);
        return (whole < _longestBackOff ? whole : _longestBackOff) * (0.5 + new SplitMix64(draw).NextDouble() / 2);
    }

    private static bool IsSuccess(ServiceReply reply) => (int)reply.Status is >= 200 and < 300;
}

/// <summary>What is used of an answer.</summary>
internal enum WantedAnswer
{
    /// <summary>The log-probabilities of its first token.</summary>
    Logprobs,

    /// <summary>Its beginning; the rest may be cut.</summary>
    FirstWord,

    /// <summary>All of it.</summary>
    WholeText,
}

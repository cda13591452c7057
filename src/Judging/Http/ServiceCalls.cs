using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using IterativeDpo.Artifacts;
using IterativeDpo.Judging.Models;

namespace IterativeDpo.Judging.Http;

/// <summary>
/// Makes calls to a service, each within the budget and the limits of concurrency and rate. A call is in the log before it goes out, and
/// what came of it before anything uses it.
/// </summary>
/// <param name="setting">The section of the judge's settings, for messages.</param>
/// <param name="budget">What may be spent, 0 without limit.</param>
/// <param name="stop">No more calls.</param>
/// <param name="abort">Those that are out are given up.</param>
internal sealed class ServiceCalls(
    string setting,
    ServiceOptions options,
    CallLog log,
    RateLimit limit,
    Func<(int Calls, long Tokens)> budget,
    Action<string> note,
    TimeProvider time,
    CancellationToken stop,
    CancellationToken abort) : IDisposable
{
    private readonly ServiceConnection _connection = new(setting, options, time);
    private readonly SemaphoreSlim _slots = new(options.Concurrency);
    private volatile bool _limitsCompletionTokens = options.TokenLimit == TokenLimit.MaxCompletionTokens;

    private ServiceFailure Failure => new(setting, options, _connection.Hide);

    /// <summary>Makes sure that the service is there and takes the key.</summary>
    /// <exception cref="UserInputException">It is not, or it does not.</exception>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        try
        {
            var reply = await _connection.SendAsync("models", null, cancellationToken);
            // Not every service lists its models.
            if (!IsSuccess(reply) && reply.Status is not (HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed))
            {
                throw Failure.Of(reply);
            }
        }
        catch (Exception e) when (e is PassingFailureException or JudgeModelException)
        {
            throw new UserInputException(
                $"{setting}: {e.Message}. Start the service or wait until it is ready, or correct {setting}.url.",
                e);
        }
    }

    /// <summary>
    /// Makes one call. It holds its slot until its answer is stored: a killed process leaves no more calls without one than there are
    /// slots.
    /// </summary>
    /// <param name="isDue">Whether the call is wanted yet, by what is known when it would go out.</param>
    /// <returns>The answer as it is used; null where the call was not due any more.</returns>
    /// <exception cref="PassingFailureException">It failed in a way that may pass.</exception>
    /// <exception cref="JudgeModelException">What came is no answer.</exception>
    /// <exception cref="UserInputException">The budget is spent, or the service wants something of the user.</exception>
    public async Task<ChatAnswer?> MakeAsync(ChatQuestion question, Func<AnswerCache, bool> isDue)
    {
        await _slots.WaitAsync(stop);
        try
        {
            await limit.WaitAsync(stop);
            if (await SendAsync(question, isDue) is not { } answer)
            {
                return null;
            }
            try
            {
                RefuseUseless(answer, question.Wanted);
                answer = question.Use(answer);
            }
            catch (Exception e)
            {
                await log.AddAsync(new CallEntry(question.Name, answer, e.Message));
                throw;
            }
            var stored = await log.AddAsync(new CallEntry(question.Name, answer));
            return stored.Failure is { } failure ? throw new JudgeModelException(failure) : answer;
        }
        finally
        {
            _slots.Release();
        }
    }

    public void Dispose() => _connection.Dispose();

    private void RefuseOverBudget(AnswerCache answers)
    {
        var (calls, tokens) = budget();
        if (calls > 0 && answers.Calls >= calls)
        {
            throw Spent("calls", calls);
        }
        if (tokens > 0 && answers.Tokens >= tokens)
        {
            throw Spent("tokens", tokens);
        }

        UserInputException Spent(string what, long limit) =>
            new(
                $"{setting}: its budget of {limit} {what} is spent. Raise {setting}.budget-{what} (0: no limit), and run or submit it again.");
    }

    private void RefuseUseless(ChatAnswer answer, WantedAnswer wanted)
    {
        if (answer.Problem is { } problem)
        {
            throw new JudgeModelException($"{options.Url}: {_connection.Hide(problem)}");
        }
        if (wanted == WantedAnswer.Logprobs && answer is { FirstToken: null, Text.Length: > 0 })
        {
            throw new UserInputException(
                $"{setting}: {options.Url} gives no log-probabilities for {options.Model}. Choose a model or a service that does, or set {setting}.logprobs = off to take the first word of its answers.");
        }
        if (options.BudgetTokens > 0 && (answer.InputTokens is null || answer.OutputTokens is null))
        {
            throw new UserInputException(
                $"{setting}: {options.Url} does not say how many tokens a call costs. Set {setting}.budget-tokens = 0, and limit {setting}.budget-calls instead.");
        }
    }

    private async Task<ChatAnswer?> SendAsync(ChatQuestion question, Func<AnswerCache, bool> isDue)
    {
        var call = await log.AddAsync(
            answers =>
            {
                if (!isDue(answers))
                {
                    return null;
                }
                RefuseOverBudget(answers);
                return new CallEntry(question.Name);
            },
            stop);
        if (call is null)
        {
            return null;
        }
        var isRenamed = _limitsCompletionTokens;
        try
        {
            var reply = await _connection.SendAsync(
                "chat/completions",
                isRenamed ? WithCompletionTokens(question.Request) : question.Request,
                abort);
            if (isRenamed || !AsksForCompletionTokens(reply))
            {
                return IsSuccess(reply) ? Failure.Within(reply) is { } error ? throw error : Parse(reply) : throw Failure.Of(reply);
            }
        }
        catch (PassingFailureException e) when (e.MayBePaid)
        {
            await log.AddAsync(new CallEntry(question.Name, Failure: e.Message));
            throw;
        }
        catch (Exception e) when (e is UserInputException or JudgeModelException or PassingFailureException)
        {
            await log.AddAsync(new CallEntry(question.Name, Failure: e is UserInputException ? null : e.Message, Refused: true));
            throw;
        }
        await log.AddAsync(new CallEntry(question.Name, Refused: true));
        if (!Interlocked.Exchange(ref _limitsCompletionTokens, true))
        {
            note(
                $"{setting}: {options.Url} takes no max_tokens for {options.Model}; it gets max_completion_tokens from now on ({setting}.token-limit = max-completion-tokens says so from the start).");
        }
        return await SendAsync(question, isDue);
    }

    private bool AsksForCompletionTokens(ServiceReply reply) =>
        reply.Status == HttpStatusCode.BadRequest && options.TokenLimit == TokenLimit.Auto
        && reply.Body.Contains("max_completion_tokens", StringComparison.Ordinal)
        && (
            reply.Body.Contains("support", StringComparison.OrdinalIgnoreCase)
            || reply.Body.Contains("instead", StringComparison.OrdinalIgnoreCase));

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
            throw new PassingFailureException($"{options.Url} answers with something else than a chat completion: {e.Message}", null, e)
            {
                MayBePaid = true,
            };
        }
    }

    private static bool IsSuccess(ServiceReply reply) => (int)reply.Status is >= 200 and < 300;
}

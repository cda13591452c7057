using System.Net;
using System.Text.Json;
using IterativeDpo.Artifacts;
using IterativeDpo.Judging.Models;

namespace IterativeDpo.Judging.Http;

/// <summary>What a service answered to a call.</summary>
/// <param name="RetryAfter">How long the service asks to be left alone; null where it does not say.</param>
internal sealed record ServiceReply(HttpStatusCode Status, string Body, TimeSpan? RetryAfter = null, string? Location = null);

/// <summary>A call that failed in a way that may pass.</summary>
/// <param name="retryAfter">How long the service asks to be left alone; null where it does not say.</param>
internal sealed class PassingFailureException(string message, TimeSpan? retryAfter = null, Exception? innerException = null)
    : Exception(message, innerException)
{
    public TimeSpan? RetryAfter { get; } = retryAfter;

    /// <summary>The request may have arrived: perhaps it is paid for.</summary>
    public bool MayBePaid { get; init; }
}

/// <summary>Tells from a service's refusal whether it may pass, whether it is the request's fault, or the user's to put right.</summary>
/// <param name="setting">The section of the judge's settings, for messages.</param>
/// <param name="hide">Takes the key out of what the service says.</param>
internal sealed class ServiceFailure(string setting, ServiceOptions options, Func<string, string> hide)
{
    private const int MostQuoted = 300;

    private static readonly TimeSpan _longestPause = TimeSpan.FromMinutes(2);

    /// <returns>A <see cref="PassingFailureException"/>, a <see cref="UserInputException"/>, or a <see cref="JudgeModelException"/>: this
    /// request will not do.</returns>
    public Exception Of(ServiceReply reply)
    {
        var said = $"{options.Url} answers {(int)reply.Status} ({hide(Message(reply.Body))})";
        return reply.Status switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new UserInputException(options.KeyVariable.Length == 0
                ? $"{setting}: {said}: it wants a key. Name the environment variable that has it in {setting}.key-variable."
                : $"{setting}: {said}: it does not take the key. Put the right one into the environment variable {options.KeyVariable}."),
            HttpStatusCode.PaymentRequired => OutOfCredit(said),
            HttpStatusCode.TooManyRequests when reply.Body.Contains("insufficient_quota", StringComparison.Ordinal) => OutOfCredit(said),
            HttpStatusCode.NotFound => new UserInputException(
                $"{setting}: {said}: there is no such model, or no such service. Correct {setting}.model ({options.Model}) or {setting}.url."),
            >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest => new UserInputException(
                $"{setting}: {said} and points to {hide(reply.Location ?? "nowhere")}. Set {setting}.url to where the service is."),
            HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError =>
                Passing(said, reply, mayBePaid: false),
            _ => new JudgeModelException(said),
        };
    }

    /// <summary>The error that a reply of success has in it; null where there is none.</summary>
    /// <returns>As <see cref="Of"/>.</returns>
    public Exception? Within(ServiceReply reply)
    {
        try
        {
            using var document = JsonDocument.Parse(reply.Body);
            return ErrorIn(document.RootElement) is { } error
                ? Passing($"{options.Url} answers {(int)reply.Status}, but with an error ({hide(Quote(error))})", reply, mayBePaid: true)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private Exception Passing(string said, ServiceReply reply, bool mayBePaid) => reply.RetryAfter > _longestPause
        ? new UserInputException(
            $"{setting}: {said}, and wants to be left alone for {reply.RetryAfter.Value.TotalSeconds:N0} s. Run again then, or lower {setting}.requests-per-minute.")
        : new PassingFailureException(said, reply.RetryAfter) { MayBePaid = mayBePaid };

    private static string? ErrorIn(JsonElement body)
    {
        if (body.ValueKind != JsonValueKind.Object)
        {
            return null;
        }
        if (body.TryGetProperty("error", out var error) && error.ValueKind is JsonValueKind.Object or JsonValueKind.String)
        {
            return Text(error) ?? error.GetRawText();
        }
        if (!body.TryGetProperty("choices", out var choices) || choices.ValueKind != JsonValueKind.Array || choices.GetArrayLength() == 0)
        {
            return null;
        }
        var choice = choices[0];
        return ErrorIn(choice) ?? (choice.ValueKind == JsonValueKind.Object && choice.TryGetProperty("finish_reason", out var reason)
            && Text(reason) == "error" ? choice.GetRawText() : null);
    }

    /// <summary>The start of what a service said, on one line.</summary>
    private static string Quote(string text)
    {
        var start = text.Length > MostQuoted ? $"{text[..MostQuoted]}…" : text;
        return string.IsNullOrWhiteSpace(start)
            ? "nothing"
            : string.Join(' ', start.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }

    private UserInputException OutOfCredit(string said) =>
        new($"{setting}: {said}: the account has no credit left. Add some, and run again.");

    private static string Message(string body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return Quote(Text(document.RootElement) ?? body);
        }
        catch (JsonException)
        {
            return Quote(body);
        }
    }

    /// <summary>As it is written where it has half of a surrogate pair, which is no text.</summary>
    private static string? Unescape(JsonElement text)
    {
        try
        {
            return text.GetString();
        }
        catch (InvalidOperationException)
        {
            return text.GetRawText();
        }
    }

    /// <summary>The message in an error as services write it: <c>{"error":{"message":"…"}}</c>, or less deep.</summary>
    private static string? Text(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => Unescape(element),
        JsonValueKind.Object when element.TryGetProperty("error", out var error) => Text(error),
        JsonValueKind.Object when element.TryGetProperty("message", out var message) => Text(message),
        _ => null,
    };
}

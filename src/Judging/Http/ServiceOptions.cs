using System.Text.RegularExpressions;
using IterativeDpo.Artifacts.Settings;

namespace IterativeDpo.Judging.Http;

/// <summary>The field of a request that says how many tokens its answer may have.</summary>
public enum TokenLimit
{
    /// <summary><c>max_tokens</c>, until the service asks for the other one.</summary>
    Auto,

    MaxTokens,

    MaxCompletionTokens,
}

/// <summary>A model behind an OpenAI-compatible service, and how much of the service may be used.</summary>
public sealed partial record ServiceOptions(
    [Setting("Where the service is, up to what comes before /chat/completions, e.g. http://localhost:8000/v1.")] string Url,
    [Setting("What the service calls the model.")] string Model,
    [Setting(
        "The environment variable that has the key, e.g. OPENAI_API_KEY; the key itself is in no file. Empty: the service wants none.",
        Default = "")]
        string KeyVariable,
    [Setting(
        "on: labels have the probabilities that the service gives for the answer's first token.  off: the answer's first word is taken for certain, for services without log-probabilities.",
        Default = "on")]
    bool Logprobs,
    [Setting(
        "How many of the likeliest first tokens are asked for; OpenAI takes up to 20. A label that is not among them has no chance.",
        Default = "20",
        Min = 2,
        Max = 100)]
        int TopLogprobs,
    [Setting("Most time for one call.", Default = "60s")] TimeSpan Timeout,
    [Setting(
        "Most calls of one question after its first, in all: judging.retries and work.retries add none. A call is made again after 429, 5xx, a time-out, a broken connection, something "
        + "else than JSON, or an answer that is none. 0: off.", Default = "5", Min = 0, Max = 100)]
    int Retries,
    [Setting(
        "Wait before the first of them, a random half of it taken off at most; doubles up to a minute. Where the service says how long to wait, that counts.",
        Default = "1s")]
    TimeSpan BackOff,
    [Setting("Most calls in a minute, spread evenly. 0: off.", Default = "0", Min = 0, Max = 1_000_000)] int RequestsPerMinute,
    [Setting("Most calls at once.", Default = "8", Min = 1, Max = 1024)] int Concurrency,
    [Setting(
        "Most calls that the campaign may make in all its rounds, but those that the service refuses; then it pauses, and goes on when this is raised. 0: off.",
        Default = "0",
        Min = 0)]
    int BudgetCalls,
    [Setting(
        "The same for tokens of the answers, read and written together; calls that are out when it is reached, or that got no answer, go beyond it. 0: off.",
        Default = "0",
        Min = 0)]
    long BudgetTokens,
    [Setting(
        "The field of a request that limits the tokens of its answer. auto: max_tokens, and max_completion_tokens once the service says that it wants that.  max-tokens.  max-completion-tokens.")]
    TokenLimit TokenLimit = TokenLimit.Auto) : ICheckedSettings
{
    /// <summary>With what says where the model is and how much may be used, but not what it answers, set to a fixed value.</summary>
    public ServiceOptions WithoutIncidentals() => this with
    {
        Url = "",
        KeyVariable = "",
        Timeout = TimeSpan.Zero,
        Retries = 0,
        BackOff = TimeSpan.Zero,
        RequestsPerMinute = 0,
        Concurrency = 1,
        BudgetCalls = 0,
        BudgetTokens = 0,
        TokenLimit = TokenLimit.Auto,
    };

    /// <summary>
    /// Whatever is before an @ or after a ? may be a key, and so may what is in the place of a variable's name: neither is repeated.
    /// </summary>
    public IEnumerable<SettingViolation> Violations(Func<string, bool> isSet)
    {
        if (!(
                Uri.TryCreate(Url, UriKind.Absolute, out var url)
                && url.Scheme is "http" or "https"
                && url.UserInfo.Length == 0
                && url.Query.Length == 0))
        {
            yield return new(
                "url",
                "",
                "it must be an address that begins with http:// or https://, such as https://api.openai.com/v1, without a password or a query");
        }
        if (!VariableName().IsMatch(KeyVariable))
        {
            yield return new(
                "key-variable",
                "",
                "it must be the name of an environment variable in capitals, such as OPENAI_API_KEY, or empty; the key itself belongs into that variable and into no file");
        }
    }

    [GeneratedRegex("^([A-Z_][A-Z0-9_]*)?$")]
    private static partial Regex VariableName();
}

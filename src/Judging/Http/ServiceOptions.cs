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
/// <param name="Url">Where the service is, up to what comes before <c>/chat/completions</c>.</param>
/// <param name="Model">What the service calls the model.</param>
/// <param name="KeyVariable">The environment variable that has the key; empty: there is none. The key itself is in no setting.</param>
/// <param name="Logprobs">Whether labels are read from log-probabilities; without them the answer's first word is taken for certain.</param>
/// <param name="TopLogprobs">How many of the likeliest tokens are asked for.</param>
/// <param name="Timeout">Most time for one call.</param>
/// <param name="Retries">Most calls of one question after its first, whoever asks it.</param>
/// <param name="BackOff">Wait before the first of them; doubles from one to the next.</param>
/// <param name="RequestsPerMinute">Most calls in a minute, spread evenly; 0: off.</param>
/// <param name="Concurrency">Most calls at once.</param>
/// <param name="BudgetCalls">Most calls that a campaign may make, but those that the service refuses; 0: off.</param>
/// <param name="BudgetTokens">Most tokens of answers, read and written, before no further call is made; 0: off.</param>
public sealed record ServiceOptions(
    string Url,
    string Model,
    string KeyVariable,
    bool Logprobs,
    int TopLogprobs,
    TimeSpan Timeout,
    int Retries,
    TimeSpan BackOff,
    int RequestsPerMinute,
    int Concurrency,
    int BudgetCalls,
    long BudgetTokens,
    TokenLimit TokenLimit = TokenLimit.Auto)
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
}

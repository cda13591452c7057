using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using IterativeDpo.Generation;
using IterativeDpo.Judging.Models;

namespace IterativeDpo.Judging.Http;

/// <summary>A model behind an OpenAI-compatible service: <c>POST /chat/completions</c>.</summary>
/// <param name="service">Who is asked; shared, and not disposed here.</param>
public sealed class OpenAiModel(ServiceOptions options, ChatService service) : IJudgeModel
{
    /// <summary>Enough for the first word of an answer.</summary>
    private const int WordTokens = 8;

    private int _time;

    private static readonly JsonSerializerOptions _json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Asks nothing that costs: only whether the service is there and takes the key.</summary>
    public Task CheckAsync(IReadOnlyList<ChatMessage> question, IReadOnlyList<string> labels, CancellationToken cancellationToken) =>
        service.CheckAsync(cancellationToken);

    public Task LoadAsync(CancellationToken cancellationToken) => service.LoadAsync(cancellationToken);

    public void AskAnew(int time) => _time = time;

    public async Task<LabelAnswer> ChooseAsync(
        IReadOnlyList<ChatMessage> messages,
        IReadOnlyList<string> labels,
        CancellationToken cancellationToken)
    {
        var request = Request(messages, 0, options.Logprobs ? 1 : WordTokens);
        if (options.Logprobs)
        {
            request["logprobs"] = true;
            request["top_logprobs"] = options.TopLogprobs;
        }
        var (answer, isCached) = await service.AskAsync(
            Bytes(request),
            options.Logprobs ? WantedAnswer.Logprobs : WantedAnswer.FirstWord,
            cancellationToken);
        var probabilities = options.Logprobs ? FromLogprobs(answer.FirstToken ?? [], labels) : FromText(answer.Text, labels);
        return new LabelAnswer(probabilities, Usage(answer, isCached));
    }

    public async Task<TextAnswer> AnswerAsync(
        IReadOnlyList<ChatMessage> messages, float temperature, int maxTokens, ulong seed, CancellationToken cancellationToken)
    {
        var request = Request(messages, temperature, maxTokens);
        // Services take seeds of 31 bits.
        request["seed"] = (int)(seed >> 33);
        var (answer, isCached) = await service.AskAsync(Bytes(request), WantedAnswer.WholeText, cancellationToken);
        return new TextAnswer(answer.Text, Usage(answer, isCached));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>
    /// A token is a label's where it is the label, or begins it and no other one; white space around it is part of the token.
    /// </summary>
    private static double[] FromLogprobs(IReadOnlyList<TokenLogprob> tokens, IReadOnlyList<string> labels)
    {
        var probabilities = new double[labels.Count];
        foreach (var (token, logprob) in tokens)
        {
            if (Find(token.Trim(), labels) is >= 0 and var label)
            {
                probabilities[label] = Math.Min(1, probabilities[label] + Math.Exp(logprob));
            }
        }
        return probabilities;
    }

    private static int Find(string token, IReadOnlyList<string> labels)
    {
        int[] begun =
        [
            .. Enumerable.Range(0, labels.Count).Where(i => token.Length > 0 && labels[i].StartsWith(token, StringComparison.Ordinal)),
        ];
        return begun.FirstOrDefault(i => labels[i] == token, begun.Length == 1 ? begun[0] : -1);
    }

    /// <summary>The label that the text begins with, for certain.</summary>
    private static double[] FromText(string text, IReadOnlyList<string> labels)
    {
        var start = text.TrimStart();
        return [.. labels.Select(label =>
            start.StartsWith(label, StringComparison.Ordinal)
            && (start.Length == label.Length || !char.IsLetterOrDigit(start[label.Length]))
                ? 1.0
                : 0.0),
    ];
    }

    private JsonObject Request(IReadOnlyList<ChatMessage> messages, float temperature, int maxTokens) => new()
    {
        ["model"] = options.Model,
        ["messages"] = new JsonArray([
            .. messages.Select(message => new JsonObject { ["role"] = message.Role, ["content"] = message.Content }),
        ]),
        ["temperature"] = temperature,
        ["max_tokens"] = maxTokens,
    };

    /// <summary>Equal bytes are the same request, and have one answer; blanks at the end make another one of the same question.</summary>
    private byte[] Bytes(JsonObject request) =>
        [.. JsonSerializer.SerializeToUtf8Bytes(request, _json), .. Enumerable.Repeat((byte)' ', _time)];

    private static JudgeUsage Usage(ChatAnswer answer, bool isCached) =>
        isCached ? new JudgeUsage(CachedCalls: 1) : new JudgeUsage(1, 0, answer.InputTokens ?? 0, answer.OutputTokens ?? 0);
}

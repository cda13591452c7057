using IterativeDpo.Artifacts;
using IterativeDpo.Generation;
using IterativeDpo.Generation.Llama;
using IterativeDpo.Generation.Sampling;
using IterativeDpo.Judging.Models;

namespace IterativeDpo.Host.Judges;

/// <summary>
/// Lets any number of callers ask one model at once: what waits is computed together where adapter and sampling are the same. A caller
/// that gives up takes nothing from the others.
/// </summary>
internal sealed class LlamaQueue : IAsyncDisposable
{
    private readonly LlamaGenerator _generator;
    private readonly BatchQueue<Question, Answer> _queue;
    private string? _adapter;

    private LlamaQueue(LlamaGenerator generator)
    {
        _generator = generator;
        _queue = new(Serve, question => (question.AdapterPath, question.Options));
    }

    /// <summary>Most tokens of a prompt and its completion together.</summary>
    public int ContextSize => _generator.ContextSize;

    /// <exception cref="UserInputException">The file is missing, damaged, or not a model that can be run.</exception>
    public static LlamaQueue Load(LlamaOptions options) => new(LlamaGenerator.Load(options));

    /// <summary>How likely one of each set of tokens comes after a prompt, by the softmax over the whole vocabulary.</summary>
    public async Task<double[]> ProbabilitiesAsync(Prompt prompt, IReadOnlyList<int[]> sets, string? adapterPath, CancellationToken cancellationToken) =>
        (await _queue.AddAsync(new Question(prompt, adapterPath) { Sets = sets }, cancellationToken).ConfigureAwait(false)).Probabilities!;

    /// <summary>A sampled completion.</summary>
    public async Task<Sample> CompleteAsync(Prompt prompt, SamplingOptions options, ulong seed, string? adapterPath, CancellationToken cancellationToken) =>
        (await _queue.AddAsync(new Question(prompt, adapterPath) { Options = options, Seed = seed }, cancellationToken).ConfigureAwait(false)).Sample!;

    /// <summary>Computes what somebody still waits for, and unloads the model.</summary>
    public async ValueTask DisposeAsync()
    {
        await _queue.DisposeAsync().ConfigureAwait(false);
        _generator.Dispose();
    }

    private Answer[] Serve(IReadOnlyList<Question> questions, CancellationToken cancellationToken)
    {
        if (_adapter != questions[0].AdapterPath)
        {
            _generator.UseAdapter(questions[0].AdapterPath);
            _adapter = questions[0].AdapterPath;
        }
        var answers = new Answer[questions.Count];
        var work = questions[0].Options is { } options
            ? CompleteAsync(questions, options, answers, cancellationToken)
            : PrefillAsync(questions, answers, cancellationToken);
        work.GetAwaiter().GetResult();
        return answers;
    }

    private Task PrefillAsync(IReadOnlyList<Question> questions, Answer[] answers, CancellationToken cancellationToken)
    {
        WeightTable? weights = null;
        return _generator.PrefillAsync(
            [.. questions.Select(question => _generator.Tokenize(question.Prompt))],
            (i, logits) =>
            {
                weights ??= new WeightTable(logits.Length);
                weights.Fill(logits);
                answers[i] = new Answer([.. questions[i].Sets.Select(ids => ids.Sum(id => weights.Weights[id] / weights.Total))]);
            },
            cancellationToken);
    }

    /// <summary>Completions of the same prompt are computed as its samples.</summary>
    private Task CompleteAsync(IReadOnlyList<Question> questions, SamplingOptions options, Answer[] answers, CancellationToken cancellationToken)
    {
        var places = Enumerable.Range(0, questions.Count).GroupBy(i => questions[i].Prompt.Id).ToDictionary(group => group.Key, group => group.ToArray());
        return _generator.GenerateAsync(
            [.. places.Values.Select(group => new GenerationRequest(questions[group[0]].Prompt, [.. group.Select(i => questions[i].Seed)]))],
            options,
            samples =>
            {
                foreach (var sample in samples.Samples)
                {
                    answers[places[samples.Prompt.Id][sample.Index]] = new Answer(Sample: sample);
                }
            },
            cancellationToken);
    }

    /// <summary>What a caller asks: a completion, or without sampling options the next token's distribution.</summary>
    private sealed record Question(Prompt Prompt, string? AdapterPath)
    {
        public SamplingOptions? Options { get; init; }

        public ulong Seed { get; init; }

        public IReadOnlyList<int[]> Sets { get; init; } = [];
    }

    private readonly record struct Answer(double[]? Probabilities = null, Sample? Sample = null);
}

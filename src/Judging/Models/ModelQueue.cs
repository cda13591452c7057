using IterativeDpo.Artifacts;
using IterativeDpo.Generation;
using IterativeDpo.Generation.Sampling;

namespace IterativeDpo.Judging.Models;

/// <summary>
/// Lets any number of callers ask one model at once: what waits is computed together where adapter and sampling are the same. A caller
/// that gives up takes nothing from the others.
/// </summary>
public sealed class ModelQueue : IAsyncDisposable
{
    /// <summary>Of the completions that the model decodes side by side; a place that becomes free has something to go on with.</summary>
    private const int BatchesOfSequences = 4;

    private readonly BatchQueue<Question, Answer> _queue;
    private ILogitGenerator? _generator;
    private string? _adapter;

    /// <param name="load">Loads the model, which belongs to the queue, when it is first asked; again where that failed.</param>
    /// <param name="sequences">Completions that the model decodes side by side.</param>
    public ModelQueue(Func<ILogitGenerator> load, int sequences) => _queue = new(
        Serve,
        BatchesOfSequences * sequences,
        () => _generator = load(),
        question => (question.AdapterPath, question.Options));

    /// <summary>Most tokens of a prompt and its completion together; known when the model is loaded.</summary>
    public int ContextSize => Generator.ContextSize;

    private ILogitGenerator Generator => _generator ?? throw new InvalidOperationException("The model is not loaded.");

    /// <exception cref="UserInputException">The file is missing, damaged, or not a model that can be run.</exception>
    public Task LoadAsync(CancellationToken cancellationToken) => _queue.LoadAsync(cancellationToken);

    /// <summary>How likely one of each set of tokens comes after a prompt, by the softmax over the whole vocabulary.</summary>
    public async Task<double[]> ProbabilitiesAsync(
        Prompt prompt,
        IReadOnlyList<int[]> sets,
        string? adapterPath,
        CancellationToken cancellationToken
    ) => (await _queue.AddAsync(new Question(prompt, adapterPath) { Sets = sets }, cancellationToken).ConfigureAwait(false)).Probabilities!;

    /// <summary>A sampled completion.</summary>
    public async Task<Sample> CompleteAsync(
        Prompt prompt,
        SamplingOptions options,
        ulong seed,
        string? adapterPath,
        CancellationToken cancellationToken) =>
        (
            await _queue
                .AddAsync(new Question(prompt, adapterPath) { Options = options, Seed = seed }, cancellationToken)
                .ConfigureAwait(false)
        ).Sample!;

    /// <summary>Computes what somebody still waits for, and unloads the model.</summary>
    public async ValueTask DisposeAsync()
    {
        await _queue.DisposeAsync().ConfigureAwait(false);
        _generator?.Dispose();
    }

    private void Serve(IReadOnlyList<Question> questions, Action<int, Answer> give, CancellationToken cancellationToken)
    {
        if (_adapter != questions[0].AdapterPath)
        {
            Generator.UseAdapter(questions[0].AdapterPath);
            _adapter = questions[0].AdapterPath;
        }
        var work = questions[0].Options is { } options
            ? CompleteAsync(questions, options, give, cancellationToken)
            : PrefillAsync(questions, give, cancellationToken);
        work.GetAwaiter().GetResult();
    }

    private Task PrefillAsync(IReadOnlyList<Question> questions, Action<int, Answer> give, CancellationToken cancellationToken)
    {
        WeightTable? weights = null;
        return Generator.PrefillAsync(
            [.. questions.Select(question => Generator.Tokenize(question.Prompt))],
            (i, logits) =>
            {
                weights ??= new WeightTable(logits.Length);
                weights.Fill(logits);
                give(i, new Answer([.. questions[i].Sets.Select(ids => ids.Sum(id => weights.Weights[id] / weights.Total))]));
            },
            cancellationToken);
    }

    /// <summary>Completions of the same prompt are computed as its samples.</summary>
    private Task CompleteAsync(
        IReadOnlyList<Question> questions,
        SamplingOptions options,
        Action<int, Answer> give,
        CancellationToken cancellationToken)
    {
        var places = Enumerable
            .Range(0, questions.Count)
            .GroupBy(i => questions[i].Prompt.Id)
            .ToDictionary(group => group.Key, group => group.ToArray());
        return Generator.GenerateAsync(
            [
                .. places.Values.Select(group => new GenerationRequest(
                    questions[group[0]].Prompt,
                    [.. group.Select(i => questions[i].Seed)])),
            ],
            options,
            samples =>
            {
                foreach (var sample in samples.Samples)
                {
                    give(places[samples.Prompt.Id][sample.Index], new Answer(Sample: sample));
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

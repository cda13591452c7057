using System.Threading.Channels;
using IterativeDpo.Generation.Sampling;

namespace IterativeDpo.Generation.Llama;

/// <summary>
/// Lets any number of callers ask one model at once: what waits is computed together where adapter and sampling are the same. A caller
/// that gives up takes nothing from the others.
/// </summary>
public sealed class LlamaQueue : IAsyncDisposable
{
    private readonly LlamaGenerator _generator;
    private readonly Channel<Question> _waiting = Channel.CreateUnbounded<Question>(new() { SingleReader = true });
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _work;
    private string? _adapter;

    private LlamaQueue(LlamaGenerator generator)
    {
        _generator = generator;
        _work = Task.Run(WorkAsync);
    }

    /// <summary>Most tokens of a prompt and its completion together.</summary>
    public int ContextSize => _generator.ContextSize;

    /// <exception cref="Artifacts.UserInputException">The file is missing, damaged, or not a model that can be run.</exception>
    public static LlamaQueue Load(LlamaOptions options) => new(LlamaGenerator.Load(options));

    /// <summary>How likely one of each set of tokens comes after a prompt, by the softmax over the whole vocabulary.</summary>
    public Task<double[]> ProbabilitiesAsync(Prompt prompt, IReadOnlyList<int[]> sets, string? adapterPath, CancellationToken cancellationToken) =>
        AskAsync(new NextToken(prompt, sets, adapterPath, cancellationToken));

    /// <summary>A sampled completion.</summary>
    public Task<Sample> CompleteAsync(Prompt prompt, SamplingOptions options, ulong seed, string? adapterPath, CancellationToken cancellationToken) =>
        AskAsync(new Completion(prompt, options, seed, adapterPath, cancellationToken));

    /// <summary>Waits for what is being computed, and cancels what waits.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_waiting.Writer.TryComplete())
        {
            await _stop.CancelAsync().ConfigureAwait(false);
        }
        await _work.ConfigureAwait(false);
        _generator.Dispose();
        _stop.Dispose();
    }

    private Task<T> AskAsync<T>(Question<T> question)
    {
        ObjectDisposedException.ThrowIf(!_waiting.Writer.TryWrite(question), this);
        return question.Answer.Task.WaitAsync(question.Token);
    }

    private async Task WorkAsync()
    {
        while (await _waiting.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            var batch = new List<Question>();
            while (_waiting.Reader.TryRead(out var question))
            {
                batch.Add(question);
            }
            foreach (var group in batch.Where(question => !question.Token.IsCancellationRequested).GroupBy(question => question.Kind))
            {
                await ServeAsync([.. group]).ConfigureAwait(false);
            }
        }
    }

    private async Task ServeAsync(Question[] questions)
    {
        using var all = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        var wanted = questions.Length;
        CancellationTokenRegistration[] givenUp = [.. questions.Select(question => question.Token.Register(() =>
        {
            if (Interlocked.Decrement(ref wanted) == 0)
            {
                all.Cancel();
            }
        }))];
        try
        {
            UseAdapter(questions[0].Kind.AdapterPath);
            await (questions[0] is NextToken
                ? PrefillAsync([.. questions.Cast<NextToken>()], all.Token)
                : CompleteAsync([.. questions.Cast<Completion>()], all.Token)).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            foreach (var question in questions)
            {
                question.Fail(e);
            }
        }
        finally
        {
            foreach (var registration in givenUp)
            {
                registration.Dispose();
            }
        }
    }

    private void UseAdapter(string? path)
    {
        if (_adapter != path)
        {
            _generator.UseAdapter(path);
            _adapter = path;
        }
    }

    private Task PrefillAsync(NextToken[] questions, CancellationToken cancellationToken)
    {
        WeightTable? weights = null;
        return _generator.PrefillAsync(
            [.. questions.Select(question => _generator.Tokenize(question.Prompt))],
            (i, logits) =>
            {
                weights ??= new WeightTable(logits.Length);
                weights.Fill(logits);
                questions[i].Answer.TrySetResult([.. questions[i].Sets.Select(ids => ids.Sum(id => weights.Weights[id] / weights.Total))]);
            },
            cancellationToken);
    }

    /// <summary>Completions of the same prompt are computed as its samples.</summary>
    private Task CompleteAsync(Completion[] questions, CancellationToken cancellationToken)
    {
        Completion[][] groups = [.. questions.GroupBy(question => question.Prompt.Id).Select(group => group.ToArray())];
        var places = groups.ToDictionary(group => group[0].Prompt.Id);
        return _generator.GenerateAsync(
            [.. groups.Select(group => new GenerationRequest(group[0].Prompt, [.. group.Select(question => question.Seed)]))],
            questions[0].Kind.Options!,
            samples =>
            {
                foreach (var sample in samples.Samples)
                {
                    places[samples.Prompt.Id][sample.Index].Answer.TrySetResult(sample);
                }
            },
            cancellationToken);
    }

    /// <summary>What a caller asks. Without sampling options it is the next token's distribution that is wanted.</summary>
    private abstract class Question(Prompt prompt, SamplingOptions? options, string? adapterPath, CancellationToken token)
    {
        public Prompt Prompt => prompt;

        public CancellationToken Token => token;

        /// <summary>Questions of equal kind are computed together.</summary>
        public (string? AdapterPath, SamplingOptions? Options) Kind => (adapterPath, options);

        public abstract void Fail(Exception exception);
    }

    private abstract class Question<T>(Prompt prompt, SamplingOptions? options, string? adapterPath, CancellationToken token)
        : Question(prompt, options, adapterPath, token)
    {
        public TaskCompletionSource<T> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override void Fail(Exception exception) => Answer.TrySetException(exception);
    }

    private sealed class NextToken(Prompt prompt, IReadOnlyList<int[]> sets, string? adapterPath, CancellationToken token)
        : Question<double[]>(prompt, null, adapterPath, token)
    {
        public IReadOnlyList<int[]> Sets => sets;
    }

    private sealed class Completion(Prompt prompt, SamplingOptions options, ulong seed, string? adapterPath, CancellationToken token)
        : Question<Sample>(prompt, options, adapterPath, token)
    {
        public ulong Seed => seed;
    }
}

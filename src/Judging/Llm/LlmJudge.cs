using IterativeDpo.Generation;
using IterativeDpo.Judging.Models;

namespace IterativeDpo.Judging.Llm;

/// <summary>Asks a language model about samples. Samples of the same text are asked about once.</summary>
/// <param name="name">Names the judge in provenance.</param>
/// <param name="model">Belongs to the judge from here on.</param>
/// <param name="seed">Of which samples are compared and of the model's answers.</param>
public sealed class LlmJudge(string name, IJudgeModel model, LlmMode mode, ulong seed) : IJudge
{
    public string Name => name;

    public bool ScoresSingleSamples => mode is RubricMode;

    public Task CheckAsync(IEnumerable<Prompt> prompts, CancellationToken cancellationToken) =>
        model.CheckAsync(mode.Template.Example(), mode.Choices, cancellationToken);

    public Task LoadAsync(CancellationToken cancellationToken) => model.LoadAsync(cancellationToken);

    public void UsePolicy(string? adapterPath) => model.UsePolicy(adapterPath);

    public void AskAnew(int time) => model.AskAnew(time);

    public Task<Verdict> JudgeAsync(PromptSamples samples, CancellationToken cancellationToken) => mode switch
    {
        ComparingMode comparing => new SampleComparer(comparing, model, seed).JudgeAsync(samples, cancellationToken),
        RubricMode rubric => new RubricGrader(rubric, model, seed).JudgeAsync(samples, cancellationToken),
        _ => throw new InvalidOperationException($"{mode} is no known mode."),
    };

    public ValueTask DisposeAsync() => model.DisposeAsync();

    /// <summary>What a prompt asks, as a template shows it: a conversation of more than one turn has its roles, and one with tools shows
    /// them first. Calls of tools are JSON.</summary>
    internal static string Show(Prompt prompt) => prompt switch
    {
        { Messages: null } => prompt.Text ?? "",
        { Messages: [{ Role: "user" } only], Tools: null } => only.Spell(),
        _ => string.Join(
            "\n\n",
            (prompt.Tools is { } tools ? [$"tools: {tools.Text}"] : Array.Empty<string>())
                .Concat(prompt.Messages.Select(turn => $"{turn.Role}: {turn.Spell()}"))),
    };

    /// <summary>Asks everything at once; after one failure the rest is cancelled.</summary>
    internal static async Task<TAnswer[]> AskAllAsync<TQuestion, TAnswer>(
        IReadOnlyList<TQuestion> questions, Func<TQuestion, CancellationToken, Task<TAnswer>> ask, CancellationToken cancellationToken)
    {
        var answers = new TAnswer[questions.Count];
        await Parallel.ForAsync(
            0,
            questions.Count,
            new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, questions.Count), CancellationToken = cancellationToken },
            async (i, token) => answers[i] = await ask(questions[i], token).ConfigureAwait(false)).ConfigureAwait(false);
        return answers;
    }
}

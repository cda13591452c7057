using IterativeDpo.Artifacts;
using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Verifier;

/// <summary>
/// Scores a completion by its prompt's own checks: the weight of those it passes over the weight of all. A prompt without
/// checks is not judged. A pattern that runs out of time is a failure (an exception), never a score.
/// </summary>
public sealed class VerifierJudge : IJudge
{
    public string Name => "verifier";

    public bool ScoresSingleSamples => true;

    /// <summary>Makes sure that every check can be run.</summary>
    /// <exception cref="UserInputException">Names the prompt and the check.</exception>
    public Task CheckAsync(IEnumerable<Prompt> prompts, CancellationToken cancellationToken)
    {
        foreach (var prompt in prompts)
        {
            Rules(prompt);
        }
        return Task.CompletedTask;
    }

    public Task<Verdict> JudgeAsync(PromptSamples samples, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var rules = Rules(samples.Prompt);
        return Task.FromResult(new Verdict([.. samples.Samples.Select(sample => Judge(sample, rules))]));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static Judgement Judge(Sample sample, Rule[] rules)
    {
        if (rules.Length == 0)
        {
            return new Judgement(sample.Index, null, "the prompt has no checks");
        }
        var passed = rules.Select(rule => rule.Passes(sample)).ToArray();
        var score = rules.Zip(passed, (rule, pass) => pass ? rule.Weight : 0).Sum() / rules.Sum(rule => rule.Weight);
        var cut = sample.FinishReason == FinishReason.Length ? "; cut at the token limit" : "";
        return new Judgement(sample.Index, score, string.Join("; ", rules.Zip(passed, (rule, pass) => $"{rule.Description}: {(pass ? "yes" : "no")}")) + cut);
    }

    private static Rule[] Rules(Prompt prompt)
    {
        Rule[] rules = [.. prompt.Checks.Select(check => RuleTable.Create(prompt, check))];
        if (rules.Length > 0 && rules.Sum(rule => rule.Weight) <= 0)
        {
            throw new UserInputException($"Prompt \"{prompt.Id}\": the weights of its checks add up to 0; give at least one check a weight.");
        }
        return rules;
    }
}

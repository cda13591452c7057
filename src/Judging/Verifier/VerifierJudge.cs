using IterativeDpo.Artifacts;
using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Verifier;

/// <summary>
/// Scores a completion by its prompt's own checks: the weight of those it passes over the weight of all, and 0 where a required one fails.
/// A prompt without checks is not judged. A pattern that runs out of time is a failure (an exception), never a score.
/// </summary>
/// <param name="checks">For prompts that have none of their own; null is none.</param>
/// <param name="name">Names the judge in provenance.</param>
public sealed class VerifierJudge(IReadOnlyList<AnswerCheck>? checks = null, string name = "verifier") : IJudge
{
    public string Name => name;

    public bool ScoresSingleSamples => true;

    /// <summary>What is wrong with a check, and what to write; null where it can be run.</summary>
    public static string? FaultOf(AnswerCheck check)
    {
        if (!(check.Weight >= 0 && double.IsFinite(check.Weight)))
        {
            return $"the weight {check.Weight} must be a number from 0 up";
        }
        try
        {
            RuleTable.Get(check);
            return null;
        }
        catch (FormatException e)
        {
            return e.Message;
        }
    }

    /// <summary>Makes sure that a prompt's own checks can be run.</summary>
    /// <exception cref="PromptException">Names the check.</exception>
    public static void Refuse(Prompt prompt) => Refuse(prompt, prompt.Checks);

    /// <summary>Whether there are checks for this prompt.</summary>
    public bool CanJudge(Prompt prompt) => Checks(prompt).Count > 0;

    /// <summary>
    /// Its verdict, to hold another judge's against; null where there are no checks for this prompt, or they cannot be run.
    /// </summary>
    public Verdict? StandardOf(PromptSamples samples)
    {
        try
        {
            return CanJudge(samples.Prompt) ? Judge(samples) : null;
        }
        catch (Exception)
        {
            return null;
        }
    }

    /// <summary>Makes sure that every check can be run, and that there is one.</summary>
    /// <exception cref="UserInputException">Names the prompt and the check.</exception>
    public Task CheckAsync(IEnumerable<Prompt> prompts, CancellationToken cancellationToken)
    {
        var (count, checkable) = (0, 0);
        foreach (var prompt in prompts)
        {
            cancellationToken.ThrowIfCancellationRequested();
            count++;
            checkable += CanJudge(prompt) ? 1 : 0;
            Refuse(prompt, Checks(prompt));
        }
        return count == 0 || checkable > 0
            ? Task.CompletedTask
            : throw new UserInputException(
                $"None of the {count} prompts has checks, so the verifier could judge nothing: give them \"checks\", or set judging.types.verifier.checks.");
    }

    public Task<Verdict> JudgeAsync(PromptSamples samples, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(Judge(samples));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private IReadOnlyList<AnswerCheck> Checks(Prompt prompt) => prompt.Checks.Count > 0 ? prompt.Checks : checks ?? [];

    private static void Refuse(Prompt prompt, IReadOnlyList<AnswerCheck> checks)
    {
        foreach (var check in checks)
        {
            if (FaultOf(check) is { } fault)
            {
                throw new PromptException(prompt.Id, $"check {{\"kind\": \"{check.Kind}\", \"value\": \"{check.Value}\"}}: {fault}.");
            }
        }
        if (checks.Count > 0 && checks.Sum(check => check.Weight) <= 0)
        {
            throw new PromptException(prompt.Id, "the weights of its checks add up to 0; give at least one check a weight.");
        }
    }

    private Verdict Judge(PromptSamples samples)
    {
        Refuse(samples.Prompt, Checks(samples.Prompt));
        (AnswerCheck Check, Rule Rule)[] rules = [.. Checks(samples.Prompt).Select(check => (check, RuleTable.Get(check)))];
        return new([.. samples.Samples.Select(sample => Judge(sample, rules))]);
    }

    private static Judgement Judge(Sample sample, (AnswerCheck Check, Rule Rule)[] rules)
    {
        if (rules.Length == 0)
        {
            return new Judgement(sample.Index, null, "the prompt has no checks");
        }
        string?[] faults = [.. rules.Select(item => item.Rule.FaultOf(sample))];
        var passed = rules.Zip(faults, (item, fault) => fault is null ? item.Check.Weight : 0).Sum() / rules.Sum(item => item.Check.Weight);
        var barred = rules.Zip(faults).Any(item => item.First.Check.Required && item.Second is not null);
        return new Judgement(sample.Index, barred ? 0 : passed, string.Join("; ", rules.Zip(faults, Explain)));
    }

    private static string Explain((AnswerCheck Check, Rule Rule) rule, string? fault) =>
        $"{rule.Rule.Description}: {(fault is null ? "yes" : $"no, {fault}{(rule.Check.Required ? " (required)" : "")}")}";
}

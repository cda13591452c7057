using IterativeDpo.Artifacts;
using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Ensembles;

/// <summary>Asks several judges at once and makes one verdict of theirs, by vote or by mean.</summary>
/// <param name="members">In the order of <see cref="EnsembleOptions.Members"/>; they belong to the ensemble from here on.</param>
public sealed class EnsembleJudge(EnsembleOptions options, IReadOnlyList<IJudge> members) : IJudge
{
    /// <summary>Members whose verdicts it takes.</summary>
    private readonly int _required = options.MinimumMembers == 0 ? members.Count : options.MinimumMembers;

    public string Name => options.Name;

    /// <summary>Votes and ranks are of several samples.</summary>
    public bool ScoresSingleSamples =>
        options is { Combine: Combination.Mean, Normalise: Normalisation.None } && members.All(member => member.ScoresSingleSamples);

    public async Task CheckAsync(IEnumerable<Prompt> prompts, CancellationToken cancellationToken)
    {
        foreach (var member in members)
        {
            await member.CheckAsync(prompts, cancellationToken).ConfigureAwait(false);
        }
    }

    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        foreach (var member in members)
        {
            try
            {
                await member.LoadAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is not (UserInputException or OperationCanceledException))
            {
                // It fails when it is asked, and the others may be enough.
            }
        }
    }

    public void UsePolicy(string? adapterPath)
    {
        foreach (var member in members)
        {
            member.UsePolicy(adapterPath);
        }
    }

    public void UseRound(int? round)
    {
        foreach (var member in members)
        {
            member.UseRound(round);
        }
    }

    public void AskAnew(int time)
    {
        foreach (var member in members)
        {
            member.AskAnew(time);
        }
    }

    /// <exception cref="EnsembleException">Members failed, and too few are left.</exception>
    public async Task<Verdict> JudgeAsync(PromptSamples samples, CancellationToken cancellationToken)
    {
        // On the pool, so that a member that computes does not keep the next from being asked.
        var verdicts = await Task.WhenAll(
                members.Select((_, i) => Task.Run(() => AskAsync(i, samples, cancellationToken), cancellationToken)))
            .ConfigureAwait(false);
        var failed = verdicts.Where(member => member.Failure is not null).ToArray();
        if (failed.Length > 0 && verdicts.Length - failed.Length < _required)
        {
            throw new EnsembleException($"{failed.Length} of {verdicts.Length} members failed and {_required} are needed: "
                + string.Join("; ", failed.Select(member => $"{member.Name}: {member.Failure}")));
        }
        var verdict = options.Combine == Combination.Vote
            ? Votes.Of(samples, verdicts, options.MinimumAgreement, _required)
            : MeanScores.Of(samples, verdicts, options.Normalise, _required);
        return verdict with { Usage = JudgeUsage.Sum(verdicts.Select(member => member.Verdict.Usage)) };
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var member in members)
        {
            await member.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Sums in other orders differ in their last bits; what is equal stays equal.</summary>
    internal static double Round(double value) => Math.Round(value, 9);

    internal static string Explain(IEnumerable<MemberVerdict> members, int index) =>
        string.Join("; ", members.Select(member => member.Explain(index)));

    internal static JudgeCall[]? CallsOf(IEnumerable<MemberVerdict> members, int index)
    {
        JudgeCall[] calls = [.. members.SelectMany(member => member.JudgementOf(index)?.Calls ?? [])];
        return calls.Length == 0 ? null : calls;
    }

    private async Task<MemberVerdict> AskAsync(int i, PromptSamples samples, CancellationToken cancellationToken)
    {
        var (name, weight) = (options.Members[i], options.Weights.Count == 0 ? 1 : options.Weights[i]);
        try
        {
            return new(name, weight, samples, await members[i].JudgeAsync(samples, cancellationToken).ConfigureAwait(false));
        }
        catch (Exception e) when (e is not UserInputException && !cancellationToken.IsCancellationRequested)
        {
            return new(name, weight, samples, new Verdict([]), e.Message);
        }
    }
}

/// <summary>Too few members of an ensemble gave a verdict; another try may give more.</summary>
public sealed class EnsembleException(string message) : Exception(message);

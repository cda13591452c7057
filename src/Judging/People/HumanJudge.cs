using IterativeDpo.Artifacts;
using IterativeDpo.Generation;
using IterativeDpo.Judging.Cascades;
using IterativeDpo.Judging.Llm;
using IterativeDpo.Judging.Quality;
using IterativeDpo.Judging.Runs;

namespace IterativeDpo.Judging.People;

/// <summary>
/// Has people compare answers, and waits for them. What they are shown follows from the seed alone, so that after a restart nobody is asked
/// again what was answered. A prompt's verdict is theirs or another judge's, so scores of both never meet.
/// </summary>
/// <param name="other">Who judges what people do not; null is nobody. It belongs to this judge from here on.</param>
/// <param name="people">Null: there is no page that could ask them.</param>
public sealed class HumanJudge(HumanOptions options, IJudge? other, PeopleAsked? people, ulong seed, TimeProvider time) : IJudge
{
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(500);

    /// <summary>Null: nobody is asked.</summary>
    private int? _round;

    public string Name => options.Name;

    /// <summary>People compare; single answers are the other judge's.</summary>
    public bool ScoresSingleSamples => other?.ScoresSingleSamples == true;

    public Task CheckAsync(IEnumerable<Prompt> prompts, CancellationToken cancellationToken) => people is null
        ? throw new UserInputException(
            $"{options.Setting}: people judge on the page of a campaign that ./dpo run runs, and this is none. Name another judge here."
        )
        : other?.CheckAsync(prompts, cancellationToken) ?? Task.CompletedTask;

    public Task LoadAsync(CancellationToken cancellationToken) => other?.LoadAsync(cancellationToken) ?? Task.CompletedTask;

    public void UsePolicy(string? adapterPath) => other?.UsePolicy(adapterPath);

    public void UseRound(int? round)
    {
        _round = round;
        other?.UseRound(round);
    }

    public void AskAnew(int time) => other?.AskAnew(time);

    public async Task<Verdict> JudgeAsync(PromptSamples samples, CancellationToken cancellationToken)
    {
        var verdict = other is null ? null : await other.JudgeAsync(samples, cancellationToken).ConfigureAwait(false);
        if (_round is not { } round || people is null)
        {
            return verdict ?? Abstained(samples, "people were not asked");
        }
        var pairs = PairsOf(samples, round);
        if (pairs.Count == 0)
        {
            return verdict ?? Abstained(samples, "there are no two different answers to compare");
        }
        if (verdict is not null && !IsPicked(samples, verdict, round))
        {
            if (Draw(round, samples.Prompt.Id, "audit") * people.PromptsPerRound < options.Audit)
            {
                people.Queue.Add(pairs.Select((pair, i) => TaskOf(samples, round, pair, i, verdict, holds: false)));
            }
            return verdict;
        }
        var waits = options.Wait == HumanWait.Round;
        PeopleTask[] tasks =
        [
            .. pairs.Select((pair, i) => TaskOf(samples, round, pair, i, verdict, holds: waits) with { Counts = !waits }),
        ];
        people.Queue.Add(tasks);
        if (!waits)
        {
            return Abstained(samples, "people are asked, and what they say counts in the next round") with
            {
                Usage = verdict?.Usage,
                AwaitsPeople = true,
            };
        }
        JudgingTurn.Leave();
        return VerdictOf(samples, await WaitAsync(tasks, cancellationToken).ConfigureAwait(false)) with { Usage = verdict?.Usage };
    }

    /// <summary>What people have said by now of prompts that a round did not wait for; those of which some is open are left out.</summary>
    /// <param name="judge">The judge's name.</param>
    public static IEnumerable<(PromptSamples Samples, Verdict Verdict)> Said(
        string judge,
        int round,
        IEnumerable<PromptSamples> prompts,
        PeopleQueue queue)
    {
        var asked = queue.Tasks().Select(task => task.Task)
            .Where(task => task.Counts && task.Judge == judge && task.Round == round)
            .ToLookup(task => task.PromptId);
        foreach (var prompt in prompts)
        {
            PeopleTask[] tasks = [.. asked[prompt.Prompt.Id]];
            PeopleVerdict[] verdicts = [.. tasks.Select(task => queue.Settled(task.Id)).OfType<PeopleVerdict>()];
            if (tasks.Length > 0 && verdicts.Length == tasks.Length)
            {
                yield return (prompt, VerdictOf(prompt, [.. tasks.Zip(verdicts)]));
            }
        }
    }

    public ValueTask DisposeAsync() => other?.DisposeAsync() ?? ValueTask.CompletedTask;

    private bool IsPicked(PromptSamples samples, Verdict verdict, int round) =>
        Draw(round, samples.Prompt.Id, "share") < options.Share
        && (
            options.Where == HumanWhere.Any
            || !CascadeJudge.IsSure(samples, new VerdictTable(samples.Prompt.Id, verdict), margin: 0, probability: 0.5));

    /// <summary>From 0 to below 1.</summary>
    private double Draw(int round, string promptId, string what) => new SplitMix64(Seed(round, promptId, what)).NextDouble();

    private ulong Seed(int round, string promptId, string what) => SampleSeed.Derive(seed, round, $"{options.Name}/{what}/{promptId}", 0);

    /// <summary>Samples of different texts, drawn among all such two.</summary>
    private List<(Sample First, Sample Second)> PairsOf(PromptSamples samples, int round)
    {
        Sample[] texts = [.. samples.Samples.DistinctBy(sample => sample.Text).OrderBy(sample => sample.Index)];
        (Sample, Sample)[] pairs = [.. texts.SelectMany((first, i) => texts.Skip(i + 1), (first, second) => (first, second))];
        new SplitMix64(Seed(round, samples.Prompt.Id, "pairs")).Shuffle(pairs.AsSpan());
        return [.. pairs.Take(options.Comparisons)];
    }

    private PeopleTask TaskOf(
        PromptSamples samples,
        int round,
        (Sample First, Sample Second) pair,
        int number,
        Verdict? verdict,
        bool holds)
    {
        var (first, second) = pair;
        var name = string.Join(
            '\n',
            options.Name,
            $"{round}",
            samples.Prompt.Id,
            first.Text,
            second.Text,
            $"{first.Index}",
            $"{second.Index}");
        return new(
            Digest.Of(System.Text.Encoding.UTF8.GetBytes(name)).Short,
            options.Name,
            round,
            samples.Prompt.Id,
            samples.Prompt.Task,
            LlmJudge.Show(samples.Prompt),
            first.Index,
            second.Index,
            first.Text,
            second.Text,
            holds,
            Draw(round, $"{number}/{samples.Prompt.Id}", "second") < options.Second ? 2 : 1,
            Seed(round, $"{number}/{samples.Prompt.Id}", "order"),
            time.GetUtcNow(),
            verdict is not null && new PreferenceTable(verdict).Of(first.Index, second.Index) is { } preference
                ? new(options.Judge!, preference)
                : null);
    }

    private async Task<IReadOnlyList<(PeopleTask Task, PeopleVerdict Verdict)>> WaitAsync(
        PeopleTask[] tasks,
        CancellationToken cancellationToken)
    {
        while (true)
        {
            PeopleVerdict[] verdicts = [.. tasks.Select(task => people!.Queue.Settled(task.Id)).OfType<PeopleVerdict>()];
            if (verdicts.Length == tasks.Length)
            {
                return [.. tasks.Zip(verdicts)];
            }
            await Task.Delay(s_look, time, cancellationToken).ConfigureAwait(false);
        }
    }

    private static Verdict VerdictOf(PromptSamples samples, IReadOnlyList<(PeopleTask Task, PeopleVerdict Verdict)> judged)
    {
        Comparison[] comparisons = [.. judged.Select(item =>
        {
            var preference = item.Verdict.PreferenceOn(item.Task);
            return new Comparison(
                item.Task.First,
                item.Task.Second,
                preference,
                WinOf(preference),
                $"{item.Verdict.Person}: {item.Verdict.Answer.ToString().ToLowerInvariant()}, sample {item.Verdict.ShownFirst} shown first");
        })];
        return new([.. samples.Samples.Select(sample => Score(sample.Index, comparisons))], comparisons);
    }

    /// <summary>A sample's score is its share of wins, a tie counting one half.</summary>
    private static Judgement Score(int sample, Comparison[] comparisons)
    {
        double[] wins =
        [
            .. comparisons.Where(one => one.Preference != Preference.Abstained && (one.First == sample || one.Second == sample))
                .Select(one => one.First == sample ? WinOf(one.Preference) : 1 - WinOf(one.Preference)),
        ];
        return wins.Length == 0
            ? new(sample, null, "no person judged it")
            : new(sample, wins.Average(), $"wins of {wins.Length} {(wins.Length == 1 ? "comparison" : "comparisons")} by people");
    }

    private static double WinOf(Preference preference) => preference switch { Preference.First => 1, Preference.Second => 0, _ => 0.5 };

    private static Verdict Abstained(PromptSamples samples, string why) =>
        new([.. samples.Samples.Select(sample => new Judgement(sample.Index, null, why))]);
}

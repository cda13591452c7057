using System.Text;
using IterativeDpo.Artifacts;
using IterativeDpo.Generation;
using IterativeDpo.Judging;
using IterativeDpo.Judging.Quality;
using IterativeDpo.Judging.Runs;

namespace IterativeDpo.Host.Compare;

/// <param name="Against">The arm that it is compared with; null is the base that it began with.</param>
/// <param name="Wins">Null where nothing could be compared.</param>
/// <param name="Unjudged">Comparisons that the judge abstained or failed on.</param>
internal sealed record ArmWins(string Arm, string? Against, WinRate? Wins, int Unjudged);

/// <summary>
/// How often a judge prefers the arms' greedy answers to the held-out prompts: each arm's to those of its base, and to those of the first
/// arm.
/// </summary>
/// <param name="Judge">Who it is, as in provenance.</param>
/// <param name="Failed">Questions that the judge failed on.</param>
/// <param name="FirstFailure">How, on the first of them.</param>
internal sealed record JudgedArms(string Judge, IReadOnlyList<ArmWins> Arms, int Failed, string? FirstFailure)
{
    /// <summary>
    /// What there is to ask, each question once. Campaigns of two arms are compared that have the same seed, and where none do, in their
    /// order. Answers of the same text are not asked about: neither is better.
    /// </summary>
    public static IReadOnlyList<PromptSamples> Questions(ArmComparison comparison) =>
        [
            .. Matches(comparison)
                .SelectMany(match => match.Both)
                .Where(both => !both.IsSame)
                .Select(both => both.Question)
                .DistinctBy(question => question.Prompt.Id),
        ];

    /// <param name="run">Asks the judge.</param>
    /// <param name="log">Keeps the verdicts; null: nobody does.</param>
    /// <exception cref="UserInputException">The judge will fail however often it is asked.</exception>
    public static async Task<JudgedArms> AskAsync(
        ArmComparison comparison,
        string judge,
        JudgeRun run,
        VerdictLog? log,
        IProgress<LabelProgress> progress,
        CancellationToken cancellationToken)
    {
        var questions = Questions(comparison);
        var verdicts = new Dictionary<string, Verdict>();
        var (done, failure) = (new LabelProgress(0, questions.Count, 0, 0), (string?)null);
        await foreach (var (_, judged, isNew, _) in run.JudgeAsync(
            questions.Select(question => new LabelledSamples(question, null)),
            samples => log?.Find(samples),
            log is null ? null : log.Append,
            cancellationToken))
        {
            if (judged.Verdict is { } verdict)
            {
                verdicts[judged.PromptId] = verdict;
            }
            failure ??= judged.Failure is { } reason ? $"{judged.PromptId}: {reason}" : null;
            done = new(done.Done + 1, questions.Count, done.Known + (isNew ? 0 : 1), done.Failed + (judged.Verdict is null ? 1 : 0));
            progress.Report(done);
        }
        return new(judge, [.. Matches(comparison).Select(match => match.Wins(verdicts))], done.Failed, failure);
    }

    private static IEnumerable<Match> Matches(ArmComparison comparison)
    {
        var first = comparison.Arms[0];
        return comparison
            .Arms.Select(arm => new Match(arm.Name, null, [.. arm.Runs.SelectMany(run => BothOf(run.Answers, run.BaseAnswers.Value))]))
            .Concat(
                comparison
                    .Arms.Skip(1)
                    .Select(arm => new Match(
                        arm.Name,
                        first.Name,
                        [.. Pairs(arm, first).SelectMany(pair => BothOf(pair.One.Answers, pair.Other.Answers))])));
    }

    private static IEnumerable<(ArmRun One, ArmRun Other)> Pairs(Arm arm, Arm against)
    {
        (ArmRun, ArmRun)[] sameSeed =
        [
            .. arm.Runs.Join(against.Runs, run => run.Options.Seed, run => run.Options.Seed, (one, other) => (one, other)),
        ];
        return sameSeed.Length > 0 ? sameSeed : arm.Runs.Zip(against.Runs);
    }

    private static IEnumerable<BothAnswers> BothOf(
        IReadOnlyDictionary<string, PromptSamples> one,
        IReadOnlyDictionary<string, PromptSamples> other
    ) => one.Keys.Where(other.ContainsKey).Order(StringComparer.Ordinal).Select(id => new BothAnswers(one[id], other[id]));

    private sealed record Match(string Arm, string? Against, IReadOnlyList<BothAnswers> Both)
    {
        public ArmWins Wins(Dictionary<string, Verdict> verdicts)
        {
            ComparedAnswers[] compared =
            [
                .. from both in Both
                let win = both.Win(verdicts)
                where win is not null
                select new ComparedAnswers(both.PromptId, win.Value, both.Longer),
            ];
            return new(Arm, Against, compared.Length == 0 ? null : WinRate.Of(compared), Both.Count - compared.Length);
        }
    }

    /// <summary>The greedy answers of two policies to one prompt.</summary>
    private sealed class BothAnswers
    {
        public BothAnswers(PromptSamples one, PromptSamples other)
        {
            var (first, second) = (one.Samples[0] with { Index = 0 }, other.Samples[0] with { Index = 1 });
            (PromptId, IsSame) = (one.Prompt.Id, first.Text == second.Text);
            var lengths = LengthCounter.LengthsOf([first, second]);
            Longer = lengths[0] - lengths[1];
            // Verdicts are kept by the prompt's id: this one says which answers as well.
            Question = one with
            {
                Prompt = one.Prompt with
                {
                    Id = $"{one.Prompt.Id}:{Digest.Of(Encoding.UTF8.GetBytes($"{first.Text}\0{second.Text}")).Short}",
                },
                Samples = [first, second],
            };
        }

        public string PromptId { get; }

        public bool IsSame { get; }

        public int Longer { get; }

        public PromptSamples Question { get; }

        /// <returns>Null where the judge gave no verdict.</returns>
        public double? Win(Dictionary<string, Verdict> verdicts) => IsSame ? 0.5
            : !verdicts.TryGetValue(Question.Prompt.Id, out var verdict) ? null
            : new PreferenceTable(verdict).Of(0, 1) switch
            {
                Preference.First => 1,
                Preference.Second => 0,
                Preference.Tie => 0.5,
                _ => null,
            };
    }
}

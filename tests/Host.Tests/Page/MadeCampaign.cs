using System.Collections.Immutable;
using IterativeDpo.Actors;
using IterativeDpo.Actors.Persistence;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Generation;
using IterativeDpo.Host.Tests.Report;
using IterativeDpo.Judging;
using IterativeDpo.Training;

namespace IterativeDpo.Host.Tests.Page;

/// <summary>
/// A state directory with a journal of as many rounds as are asked for, each of two prompts with two samples, and a round begun.
/// </summary>
internal sealed class MadeCampaign : IDisposable
{
    public const string Hostile = "<script>alert('pwned')</script>\u001b[31m\u202etxt";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("dpo-page-");
    private readonly ArtifactStore _store;
    private DateTimeOffset _at = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public MadeCampaign(int rounds = 2, params CampaignEvent[] more)
    {
        _store = StateDirectory.ArtifactsOf(StatePath);
        var conf = Path.Combine(StatePath, "test.conf");
        File.WriteAllText(conf, "campaign { name = test, model = policy.gguf, rounds = 4 }");
        File.WriteAllText(Path.Combine(StatePath, "campaign.json"), CampaignConfiguration.Load(conf).Json);
        CampaignDatabase.Prepare(CampaignReader.DatabasePath(StatePath));
        CampaignEvent[] events =
        [
            new CampaignStarted(Plan, Next()),
            new RoundStarted(0, null, Next()),
            .. Evaluated(0, right: 5),
            new RoundCompleted(0, RoundOutcome.Kept, Next()),
            .. Enumerable.Range(1, rounds).SelectMany(Round), new RoundStarted(rounds + 1, null, Next()), .. more,
        ];
        CampaignDatabase.Begin(CampaignReader.DatabasePath(StatePath), CampaignActor.PersistenceIdOf("test"), events);
        Events = events.Length;
    }

    public static CampaignPlan Plan { get; } =
        new("test", Digest.Of("settings"u8), 4, 2, 2, 10, 1, PairData.New, PolicyOrigin.Previous, ReferenceOrigin.Previous, null);

    /// <summary>After all that it has.</summary>
    public static DateTimeOffset LastAt { get; } = new(2026, 1, 2, 4, 0, 0, TimeSpan.Zero);

    public string StatePath => _directory.FullName;

    public int Events { get; }

    public void Dispose() => _directory.Delete(recursive: true);

    private DateTimeOffset Next() => _at += TimeSpan.FromSeconds(1);

    private CampaignEvent[] Round(int number)
    {
        PromptSamples[] samples = [.. Enumerable.Range(0, 2).Select(i => new PromptSamples(
            new Prompt($"p{i}", null, "?", "capitals", []), [1], [Answer(0, $"good {i}"), Answer(1, $"bad {i}")]))];
        PromptVerdict[] verdicts = [.. samples.Select(prompt => new PromptVerdict(prompt.Prompt.Id, new([new(0, 1, ""), new(1, 0, "")])))];
        PairRecord[] pairs = [Pair(number, "p0", "WRITE it", "write it", "capitals", 1), Pair(number, "p1", Hostile, "B", "reverse", 0.25)];
        var history = _store.Put(stream =>
            MetricsLog.Write(
                stream,
                Enumerable.Range(1, 3).Select(step => new TrainingStep(step, 3, new Dictionary<string, double> { ["loss"] = 1.0 / step })))
        );
        var metrics = new Dictionary<string, double>
        {
            ["loss"] = 0.6,
            ["rewards/margins"] = 0.5,
            ["rewards/accuracies"] = 0.8,
            ["rewards/chosen"] = 0.3,
            ["rewards/rejected"] = -0.2,
        };
        return
        [
            new RoundStarted(number, null, Next()),
            Done(new SampleResult(new(number, Stage.Sample, 0), _store.Put(stream => SampleFile.Write(stream, samples)), 2, 4, 40, 0.3, 2)),
            Done(
                new JudgeResult(
                    new(number, Stage.Judge, 0),
                    _store.Put(stream => VerdictFile.Write(stream, verdicts)),
                    0,
                    0,
                    ImmutableSortedDictionary<string, TaskScore>.Empty,
                    0.1)),
            Done(new PairResult(new(number, Stage.Pair, 0), _store.Put(stream => PairFile.Write(stream, pairs)), 2, 0, 0, 0.1)),
            Done(
                new TrainResult(
                    new(number, Stage.Train, 0),
                    _store.Put(new byte[] { (byte)number }),
                    history,
                    3,
                    metrics.ToImmutableSortedDictionary(),
                    3)),
            Done(new PublishResult(new(number, Stage.Publish, 0), Digest.Of([(byte)number]), 0.1)),
            .. Evaluated(number, right: 5 + number),
            new RoundCompleted(number, RoundOutcome.Kept, Next()),
        ];
    }

    private CampaignEvent[] Evaluated(int number, int right)
    {
        PromptSamples[] answers = [new(new Prompt("held", null, "?", "capitals", []), [1], [Answer(0, "yes")])];
        PromptVerdict[] grades = [new("held", new([new(0, 1, "")]))];
        return
        [
            Done(
                new SampleResult(
                    new(number, Stage.Evaluate, 0),
                    _store.Put(stream => SampleFile.Write(stream, answers)),
                    10,
                    10,
                    80,
                    0.3,
                    1)),
            Done(new JudgeResult(
                new(number, Stage.Grade, 0), _store.Put(stream => VerdictFile.Write(stream, grades)), 0, 0,
                ImmutableSortedDictionary<string, TaskScore>.Empty.Add("capitals", new TaskScore(right, 10)), 0.5)),
        ];
    }

    private WorkCompleted Done(WorkResult result) => new(result, Next());

    private static PairRecord Pair(int round, string prompt, string chosen, string rejected, string task, double score)
    {
        var record = SyntheticReport.Pair(round, "Write it in capitals.", chosen, rejected);
        return new(
            record.Pair with
            {
                PromptId = prompt,
            },
            record.Provenance! with
            {
                Task = task,
                ChosenIndex = 0,
                RejectedIndex = 1,
                ChosenScore = score,
            });
    }

    private static Sample Answer(int index, string text) => new(index, 0, [index], [0], text, FinishReason.Eos, 0);
}

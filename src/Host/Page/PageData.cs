using System.Collections.Concurrent;
using IterativeDpo.Actors;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Host.Judges;
using IterativeDpo.Host.Pairs;
using IterativeDpo.Host.Report;
using IterativeDpo.Judging;
using IterativeDpo.Training;

namespace IterativeDpo.Host.Page;

/// <summary>
/// What pages show of a campaign beyond its state: read from its artifacts, and kept, as these never change. Safe to use from any thread.
/// </summary>
internal sealed class PageData
{
    private readonly MeasuredRounds? _measured;
    private readonly Lazy<IReadOnlyDictionary<string, string>> _engines = new(EngineInfo.Describe);
    private readonly ConcurrentDictionary<Digest, IReadOnlyList<TrainingStep>> _steps = [];
    private readonly ConcurrentDictionary<Digest, ScoreCounts> _scores = [];
    private readonly Lock _lock = new();
    private CampaignOptions? _options;
    private MeasuredRounds? _ownMeasured;
    private Task _measuring = Task.CompletedTask;

    /// <param name="options">The settings of the campaign; null: those that are stored, once they are.</param>
    /// <param name="measured">The measures of a run, which are the page's too; null: the page measures.</param>
    public PageData(CampaignFeed feed, CampaignOptions? options = null, MeasuredRounds? measured = null)
    {
        (Feed, _options, _measured) = (feed, options, measured);
        Store = StateDirectory.ArtifactsOf(feed.StatePath);
        Pairs = new PairIndex(Store);
    }

    public CampaignFeed Feed { get; }

    /// <summary>Takes commands to the campaign; null where it does not run in this process.</summary>
    public CampaignControl? Control { get; init; }

    public ArtifactStore Store { get; }

    public PairIndex Pairs { get; }

    /// <exception cref="IOException">They are not stored yet.</exception>
    public CampaignOptions Options
    {
        get
        {
            lock (_lock)
            {
                return _options ??= CampaignReader.ReadSettings(Feed.StatePath);
            }
        }
    }

    /// <summary>What the report shows, but for pairs and what judges cost.</summary>
    /// <param name="now">With a base that is evaluated.</param>
    public ReportData Report(CampaignNow now)
    {
        var summary = SummaryBuilder.Build(now.State, Feed.StatePath, _engines.Value);
        var rounds = now.State.Rounds.Where(round => round.Outcome is not null).Select(round => ReportBuilder.Detail(round, [])).ToArray();
        return new(
            summary,
            rounds,
            [],
            Judges(now),
            OptionsJson.Write(Options),
            Path.GetFileName(Options.ModelPath),
            FromBundledSeed: false,
            now.State.Origin);
    }

    /// <summary>A round's optimiser steps, those of a training that is under way too.</summary>
    /// <exception cref="StorageException">An artifact is missing or corrupt.</exception>
    public IReadOnlyList<TrainingStep> Steps(RoundState round) => round switch
    {
        { Training: { } training } => _steps.GetOrAdd(training.History, _ => ReportBuilder.Steps(round, Store)),
        { Pairs: not null, Outcome: null } => Feed.StepsSoFar(round.Number),
        _ => [],
    };

    /// <summary>The scores of a round's samples, as far as they are judged.</summary>
    /// <exception cref="StorageException">An artifact is missing or corrupt.</exception>
    public ScoreCounts Scores(RoundState round) => round.Judgements.Values
        .Select(unit => _scores.GetOrAdd(unit.Verdicts, verdicts =>
        {
            using var stream = Store.OpenRead(verdicts);
            return ScoreCounts.Of(VerdictFile.Read(stream, Store.PathOf(verdicts)));
        }))
        .Aggregate(ScoreCounts.None, (sum, unit) => sum + unit);

    /// <summary>
    /// How the judges of rounds that have ended did, as far as they are measured; those that are not are measured from now on.
    /// </summary>
    public IReadOnlyList<JudgeRound> Judges(CampaignNow now)
    {
        var measured = _measured ?? OwnMeasured();
        RoundState[] ended = [.. now.State.Rounds.Where(round => round.Outcome is not null)];
        if (ended.FirstOrDefault(round => measured.Known(round.Number) is null) is not null)
        {
            lock (_lock)
            {
                if (_measuring.IsCompleted)
                {
                    // On a thread of its own: it takes long, and requests wait for those of the pool.
                    _measuring = Task.Factory.StartNew(
                        () => Measure(measured, ended),
                        CancellationToken.None,
                        TaskCreationOptions.LongRunning,
                        TaskScheduler.Default);
                }
            }
        }
        return [.. ended.SelectMany(round => measured.Known(round.Number) ?? [])];
    }

    /// <summary>Rounds that have ended and whose judges are not measured yet.</summary>
    public int Unmeasured(CampaignNow now) =>
        now.State.Rounds.Count(round => round.Outcome is not null && (_measured ?? OwnMeasured()).Known(round.Number) is null);

    /// <summary>Changes with whatever pages show beyond what is told all the time.</summary>
    public string Version(CampaignNow now)
    {
        var step = now.State.Current is { Pairs: not null, Training: null } ? now.Stage?.View.Done : 0;
        return $"{now.Events}.{step}.{now.Status}.{(now.HasBaseline ? Unmeasured(now) : 0)}.{now.People.Open}.{now.People.Verdicts}";
    }

    /// <summary>Reads what the first page shows, so that whoever opens it need not wait. What is wrong is told there.</summary>
    public void ReadAhead()
    {
        try
        {
            CampaignPage.Render(this, Feed.Now());
        }
        catch (Exception e) when (e is StorageException or UserInputException || IoFailure.Is(e))
        {
            // It is tried again when somebody asks.
        }
    }

    /// <exception cref="UserInputException">There is no such pair.</exception>
    public FoundPair Find(CampaignNow now, string id) => new CampaignPairs(Feed.StatePath, now.State.Rounds, Options, Store).Find(id);

    private MeasuredRounds OwnMeasured()
    {
        var options = Options;
        lock (_lock)
        {
            return _ownMeasured ??= new(new CampaignQuality(options, Store));
        }
    }

    /// <summary>The newest first: it is what is asked for.</summary>
    private static void Measure(MeasuredRounds measured, RoundState[] rounds)
    {
        foreach (var round in rounds.Reverse())
        {
            try
            {
                measured.Of(round);
            }
            catch (Exception e) when (e is StorageException or UserInputException)
            {
                // What the round's own page says too.
            }
        }
    }
}

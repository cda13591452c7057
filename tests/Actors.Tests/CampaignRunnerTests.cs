using System.IO.Compression;
using System.Text.Json;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Actors.Tests.Fakes;
using IterativeDpo.Actors.Tests.Persistence;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Artifacts.Tests.Store;
using IterativeDpo.Campaigns;
using IterativeDpo.Generation;
using IterativeDpo.Judging.Curriculum;
using IterativeDpo.Judging.Data;
using IterativeDpo.Training;

namespace IterativeDpo.Actors.Tests;

public sealed class CampaignRunnerTests : IDisposable
{
    private readonly CampaignFixture _campaign = new();

    public void Dispose() => _campaign.Dispose();

    [Fact]
    public async Task RunAsync_ends_with_every_round_and_its_figures()
    {
        var outcome = await _campaign.RunAsync();

        Assert.Equal(CampaignEnd.Completed, outcome.End);
        Assert.Equal([0, 1, 2], outcome.State.Rounds.Select(round => round.Number));
        var first = outcome.State.Rounds[1];
        Assert.Equal((6, 24), (first.Prompts, first.SampleCount));
        Assert.Equal(6, first.HeldOut.Total);
        first = CampaignReader.ReadWhole(_campaign.StatePath)!.Rounds[1];
        Assert.Equal(["add", "sub"], first.HeldOutByTask.Keys);
        Assert.Equal(0.75, first.Training!.Metrics["loss"]);
        var (pairs, counts) = (first.Pairs!, first.Pairs!.Counts!);
        Assert.Equal((6, pairs.PairCount, pairs.Ties, pairs.Dropped), (counts.Prompts, counts.Pairs, counts.Ties, counts.Dropped));
        Assert.Equal(6 * (4 * 3 / 2), counts.Pairs + counts.Ties + counts.Duplicates + counts.Unselected);
    }

    /// <summary>Who paused it by hand may have it go on: the run stays, and takes commands.</summary>
    [Fact]
    public async Task RunAsync_that_an_operator_pauses_and_gives_another_round_goes_on()
    {
        var (control, seen) = (new CampaignControl(), new List<CampaignStatus>());
        Assert.Equal("the campaign does not run in this process now", await control.GiveAsync(new PauseCampaign("a look", "ops"), default));
        var paused = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        // However long the commands take, it has not ended by then.
        using var commanded = new ManualResetEventSlim();
        _campaign.Engines = _campaign.Engines with
        {
            Trainer = () => new FakeTrainer(_campaign.Log) { BeforeStep = (_, token) => commanded.Wait(token) },
        };
        var running = _campaign.RunAsync(new Reports(progress =>
        {
            if (progress.State is { Status: CampaignStatus.Running, Rounds.Count: 2 })
            {
                paused.TrySetResult();
            }
            seen.Add(progress.State.Status);
        }), control: control);
        await paused.Task;

        Assert.Null(await control.GiveAsync(new PauseCampaign("a look", "ops"), default));
        Assert.Null(await control.GiveAsync(new RaiseLimits(3, null, null, "ops"), default));
        commanded.Set();
        await Task.Delay(300);
        Assert.False(running.IsCompleted);
        Assert.Null(await control.GiveAsync(new ContinueCampaign("ops"), default));
        var outcome = await running;

        Assert.Equal((CampaignEnd.Completed, 4), (outcome.End, outcome.State.Rounds.Count));
        Assert.Contains(CampaignStatus.Paused, seen);
        Assert.Equal(
            ["ops", "ops"],
            CampaignReader
                .ReadEvents(CampaignReader.DatabasePath(_campaign.StatePath))
                .Select(@event =>
                    @event switch
                    {
                        CampaignPaused e when e.Reason == "a look" => e.By,
                        CampaignResumed e => e.By,
                        _ => null,
                    })
                .OfType<string>()
                .TakeLast(2));
    }

    [Fact]
    public async Task RunAsync_evaluates_the_base_and_every_adapter()
    {
        await _campaign.RunAsync();

        Assert.Equal(3 * 6, _campaign.Log.Count("greedy"));
        // The base says how far each is from it.
        Assert.Equal(
            ["adapter adapter of round 1", "adapter base", "adapter adapter of round 1", "adapter adapter of round 2", "adapter base"],
            _campaign.Log.Entries.Where(entry => entry.StartsWith("adapter", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task RunAsync_of_a_completed_campaign_does_no_work()
    {
        await _campaign.RunAsync();
        int Work() => _campaign.Log.Entries.Count(entry => entry != "disposed");
        var before = Work();

        var again = await _campaign.RunAsync();

        Assert.Equal(CampaignEnd.Completed, again.End);
        Assert.Equal(before, Work());
    }

    /// <summary>
    /// A chat template that is not shown as it is written, a context that is too small: of generated prompts as of a file's.
    /// </summary>
    [Fact]
    public async Task RunAsync_generated_prompts_that_cannot_be_asked_are_found_before_it_begins()
    {
        foreach (var (generator, problem) in new (FakeGenerator, string)[]
        {
            (
                new(_campaign.Log) { BeforeTokenize = prompt => throw new UserInputException($"prompt '{prompt.Id}': the template") },
                "the template"),
            (new(_campaign.Log) { ContextSize = 8 }, "leaves no room for a completion in the context of 8"),
        })
        {
            _campaign.Engines = _campaign.Engines with { Generator = () => generator };

            var error = await Assert.ThrowsAsync<UserInputException>(() => _campaign.RunAsync());

            Assert.Contains(problem, error.Message, StringComparison.Ordinal);
            Assert.False(Directory.Exists(_campaign.StatePath));
        }
    }

    [Fact]
    public async Task RunAsync_with_more_rounds_goes_on()
    {
        await _campaign.RunAsync();
        _campaign.Configuration = _campaign.Configure("campaign.rounds = 3");

        var again = await _campaign.RunAsync();

        Assert.Equal(3, again.State.Rounds[^1].Number);
        Assert.Equal(3, _campaign.Log.Count("trained"));
    }

    [Fact]
    public async Task RunAsync_interrupted_in_training_goes_on_without_sampling_again()
    {
        using var interrupt = new CancellationTokenSource();
        _campaign.Engines = _campaign.Engines with
        {
            Trainer = () => new FakeTrainer(_campaign.Log)
            {
                BeforeStep = (step, token) =>
                {
                    interrupt.Cancel();
                    token.WaitHandle.WaitOne();
                    token.ThrowIfCancellationRequested();
                },
            },
        };
        var first = await _campaign.RunAsync(cancellationToken: interrupt.Token);
        _campaign.Engines = _campaign.Engines with { Trainer = () => new FakeTrainer(_campaign.Log) };

        var second = await _campaign.RunAsync();

        Assert.Equal(CampaignEnd.Interrupted, first.End);
        Assert.Equal(CampaignEnd.Completed, second.End);
        Assert.Equal(2 * 6, _campaign.Log.Count("sampled"));
        Assert.Equal(2, _campaign.Log.Count("trained"));
    }

    [Fact]
    public async Task RunAsync_interrupted_before_it_began_begins_the_next_time()
    {
        using var interrupt = new CancellationTokenSource();
        await interrupt.CancelAsync();

        var first = await _campaign.RunAsync(cancellationToken: interrupt.Token);
        var second = await _campaign.RunAsync();

        Assert.Equal(CampaignEnd.Interrupted, first.End);
        Assert.Equal(CampaignEnd.Completed, second.End);
    }

    [Fact]
    public async Task RunAsync_generator_that_crashes_is_replaced_and_its_unit_done_again()
    {
        var crashes = 1;
        _campaign.Engines = _campaign.Engines with
        {
            Generator = () => new FakeGenerator(_campaign.Log)
            {
                BeforePrompt = (_, _) =>
                {
                    if (Interlocked.Decrement(ref crashes) == 0)
                    {
                        throw new InvalidOperationException("crashed");
                    }
                },
            },
        };

        var outcome = await _campaign.RunAsync();

        Assert.Equal(CampaignEnd.Completed, outcome.End);
        // The one that crashed, the one after it, and that of the check before.
        Assert.Equal(3, _campaign.Log.Count("disposed"));
    }

    [Fact]
    public async Task RunAsync_generator_that_keeps_crashing_pauses_with_its_error()
    {
        _campaign.Engines = _campaign.Engines with { Generator = () => throw new InvalidOperationException("no memory for the model") };

        var outcome = await _campaign.RunAsync();

        Assert.Equal(CampaignEnd.Paused, outcome.End);
        Assert.Contains("no memory for the model", outcome.State.PauseReason, StringComparison.Ordinal);
    }

    [SmallDiskFact]
    public async Task RunAsync_volume_that_fills_up_in_sampling_ends_with_the_reason_and_goes_on_when_there_is_space()
    {
        var prompts = 0;
        await FillUpAsync(disk => _campaign.Engines with
        {
            Generator = () => new FakeGenerator(_campaign.Log)
            {
                BeforePrompt = (_, _) =>
                {
                    if (Interlocked.Increment(ref prompts) == 9)
                    {
                        disk.Fill();
                    }
                },
            },
        });
    }

    [SmallDiskFact]
    public Task RunAsync_volume_that_fills_up_in_training_ends_with_the_reason_and_goes_on_when_there_is_space() => FillUpAsync(
        disk => _campaign.Engines with { Trainer = () => new FakeTrainer(_campaign.Log) { BeforeStep = (_, _) => disk.Fill() } });

    private async Task FillUpAsync(Func<SmallDisk, CampaignEngines> filling)
    {
        using var disk = new SmallDisk(8 << 10);
        _campaign.StatePath = disk["state"];
        var usual = _campaign.Engines;
        _campaign.Engines = filling(disk);
        var first = await _campaign.RunAsync();
        disk.Free();
        _campaign.Engines = usual;

        var second = await _campaign.RunAsync();

        Assert.Equal(CampaignEnd.Paused, first.End);
        Assert.Contains("no space left", first.State.PauseReason, StringComparison.Ordinal);
        Assert.Equal((CampaignEnd.Completed, 2), (second.End, second.State.Rounds[^1].Number));
        Assert.All(
            Directory.EnumerateFiles(disk["state/artifacts"], "*", SearchOption.AllDirectories),
            file => Assert.Equal(Path.GetFileName(file), Digest.OfFile(file).Hex));
    }

    [Fact]
    public async Task RunAsync_curriculum_asks_again_what_was_sometimes_right_and_not_what_always_was()
    {
        _campaign.Configuration = _campaign.Configure("campaign.prompts { order = curriculum, per-round = 8 }");

        var outcome = await _campaign.RunAsync();

        Assert.Equal(CampaignEnd.Completed, outcome.End);
        var store = new ArtifactStore(Path.Combine(_campaign.StatePath, "artifacts"));
        PromptStatistics[][] after =
        [
            .. outcome
                .State.Rounds.Skip(1)
                .Select(round => PromptStatisticsFile.Read(store.PathOf(round.Pairs!.PromptStatistics!.Value)).ToArray()),
        ];
        Assert.Equal(8, after[0].Length);
        Assert.All(after[0], prompt => Assert.Equal(4, prompt.Samples));
        foreach (var prompt in after[0])
        {
            var isLearnable = prompt.LastSolveRate is > 0 and < 1;
            Assert.Equal(isLearnable ? 2 : 1, after[1].Single(item => item.PromptId == prompt.PromptId).LastRound);
        }
        Assert.Contains(after[0], prompt => prompt.LastSolveRate is > 0 and < 1);
    }

    [Fact]
    public async Task RunAsync_anchors_are_labelled_again_and_are_as_at_first()
    {
        _campaign.Configuration = _campaign.Configure("campaign.watch.anchor-rounds = 1");

        var outcome = await _campaign.RunAsync();

        Assert.Equal([null, null, new WorkId(2, Stage.Anchor, 0)], outcome.State.Rounds.Select(round => round.Anchor?.Id));
        var same = outcome.State.Rounds[2].Anchor!.WithFirst!;
        Assert.True(same.Agree > 0);
        Assert.Equal(1, same.Kappa);
    }

    [Fact]
    public async Task RunAsync_curriculum_with_a_judge_that_only_compares_is_refused()
    {
        _campaign.Configuration = _campaign.Configure(
            "campaign.prompts.order = curriculum\ncampaign.judging.judges.other.type = verifier\ncampaign.evaluation.judge = other");
        _campaign.Engines = _campaign.Engines with
        {
            Judge = name => new FakeJudge(_campaign.Log) { ScoresSingleSamples = name == "other" },
        };

        var error = await Assert.ThrowsAsync<UserInputException>(() => _campaign.RunAsync());

        Assert.StartsWith("campaign.prompts.order is curriculum", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_prompt_on_which_the_judge_fails_is_tried_again_then_dropped_and_counted()
    {
        var prompt = new CampaignPrompts(_campaign.Configuration.Options.Prompts, 1, _campaign.Configuration.Options.Seed).OfRound(1)[0].Id;
        var other = new CampaignPrompts(_campaign.Configuration.Options.Prompts, 1, _campaign.Configuration.Options.Seed).OfRound(1)[1].Id;
        _campaign.Engines = _campaign.Engines with
        {
            Judge = _ => new FakeJudge(_campaign.Log)
            {
                BeforePrompt = (samples, _) =>
                    samples.Prompt.Id == prompt ? throw new InvalidOperationException("no answer") : Task.CompletedTask,
            },
        };

        var outcome = await _campaign.RunAsync();

        Assert.Equal(1, CampaignReader.ReadWhole(_campaign.StatePath)!.Rounds[1].Judgements.Values.Sum(unit => unit.Dropped));
        // Two tries of the prompt in each of three attempts at its unit; the unit's other prompts keep their verdicts.
        Assert.Equal(2 * 3, _campaign.Log.Entries.Count(entry => entry == $"judged {prompt}"));
        Assert.Single(_campaign.Log.Entries, entry => entry == $"judged {other}");
    }

    [Fact]
    public async Task RunAsync_loss_that_is_not_finite_pauses_and_publishes_nothing()
    {
        _campaign.Engines = _campaign.Engines with
        {
            Trainer = () =>
                new FakeTrainer(_campaign.Log) { BeforeStep = (_, _) => throw new NonFiniteTrainingException("step 1: the loss is NaN") },
        };

        var outcome = await _campaign.RunAsync();

        Assert.Equal(CampaignEnd.Paused, outcome.End);
        Assert.Equal("Train of round 1 failed: step 1: the loss is NaN", outcome.State.PauseReason);
        Assert.Null(outcome.State.Checkpoint);
    }

    [Fact]
    public async Task RunAsync_after_a_pause_goes_on_where_it_stopped()
    {
        var healthy = _campaign.Engines;
        _campaign.Engines = healthy with
        {
            Trainer = () => new FakeTrainer(_campaign.Log) { BeforeStep = (_, _) => throw new IOException("no space left on the volume") },
        };
        await _campaign.RunAsync();
        _campaign.Engines = healthy;

        var outcome = await _campaign.RunAsync();

        Assert.Equal(CampaignEnd.Completed, outcome.End);
        Assert.Equal(2 * 6, _campaign.Log.Count("sampled"));
    }

    [Fact]
    public async Task RunAsync_store_that_cannot_be_written_pauses_naming_it()
    {
        Directory.CreateDirectory(_campaign.StatePath);
        File.WriteAllText(Path.Combine(_campaign.StatePath, "artifacts"), "in the way");

        var outcome = await _campaign.RunAsync();

        Assert.Equal(CampaignEnd.Paused, outcome.End);
        Assert.Contains("artifacts", outcome.State.PauseReason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_worse_round_is_rolled_back_and_the_next_samples_from_the_one_before()
    {
        _campaign.Configuration = _campaign.Configure("campaign.rounds = 3\ncampaign.evaluation.prompts-per-task = 20");
        _campaign.Engines = _campaign.Engines with
        {
            Generator = () => new FakeGenerator(_campaign.Log) { Quality = QualityByRound },
        };

        var outcome = await _campaign.RunAsync();

        Assert.Equal(RoundOutcome.RolledBack, outcome.State.Rounds[2].Outcome);
        Assert.Equal(outcome.State.Rounds[1].Training!.Adapter, outcome.State.Rounds[3].Policy);
    }

    [Fact]
    public async Task RunAsync_with_other_settings_is_refused_and_harms_nothing()
    {
        await _campaign.RunAsync();
        var healthy = _campaign.Configuration;
        _campaign.Configuration = _campaign.Configure("campaign.training.loss.beta = 0.2");

        var error = await Assert.ThrowsAsync<UserInputException>(() => _campaign.RunAsync());

        Assert.Contains(_campaign.StatePath, error.Message, StringComparison.Ordinal);
        _campaign.Configuration = healthy;
        Assert.Equal(CampaignEnd.Completed, (await _campaign.RunAsync()).End);
    }

    [Fact]
    public async Task RunAsync_reports_the_state_and_work_under_way()
    {
        var reports = new List<CampaignProgress>();

        await _campaign.RunAsync(new Reports(reports.Add));

        Assert.Contains(reports, report => report.State.Current?.Number == 2);
        Assert.Contains(
            reports,
            report => report.Work is { Id.Stage: Stage.Train, Done: 2, Total: 2 } work && work.Metrics.ContainsKey("loss"));
    }

    [Fact]
    public async Task Read_gives_the_state_that_the_run_ended_with()
    {
        var outcome = await _campaign.RunAsync();

        var read = CampaignReader.Read(_campaign.StatePath);

        Assert.Equal(WireFormat.Write(outcome.State), WireFormat.Write(read!));
    }

    /// <summary>
    /// The file is a state directory that version 1 of the database made: this campaign, interrupted in the training of its second round.
    /// </summary>
    [Fact]
    public async Task RunAsync_on_a_state_of_version_1_goes_on_where_it_stopped()
    {
        ZipFile.ExtractToDirectory(Path.Combine(AppContext.BaseDirectory, "Persistence", "state-version-1.zip"), _campaign.StatePath);
        var before = CampaignReader.Read(_campaign.StatePath)!;

        var outcome = await _campaign.RunAsync();

        Assert.Equal(CampaignEnd.Completed, outcome.End);
        Assert.Equal((0, 1), (_campaign.Log.Count("sampled"), _campaign.Log.Count("trained")));
        Assert.Equal([0, 1, 2], outcome.State.Rounds.Select(round => round.Number));
        Assert.Equal(
            JsonSerializer.Serialize(CampaignHistory.Fold(before).Rounds.Take(2)),
            JsonSerializer.Serialize(outcome.State.Rounds.Take(2)));
        Assert.Equal(WireFormat.Write(outcome.State), WireFormat.Write(CampaignReader.Read(_campaign.StatePath)!));
    }

    [Theory]
    [InlineData(
        "UPDATE journal SET message = '{}' WHERE manifest = 'campaign-started'",
        "(campaign-started) is damaged: ",
        "Restore the file from a copy")]
    [InlineData("UPDATE journal SET manifest = 'round-forked' WHERE manifest = 'round-started'", "'round-forked'", "Use the newer program")]
    public async Task RunAsync_on_a_journal_that_cannot_be_read_names_the_event_and_the_way_out(string damage, string what, string remedy)
    {
        await _campaign.RunAsync();
        DatabaseFile.Run(CampaignReader.DatabasePath(_campaign.StatePath), $"DELETE FROM snapshot; {damage}");

        var error = await Assert.ThrowsAsync<UserInputException>(() => _campaign.RunAsync());

        Assert.StartsWith($"{CampaignReader.DatabasePath(_campaign.StatePath)}: event ", error.Message, StringComparison.Ordinal);
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
        Assert.Contains(remedy, error.Message, StringComparison.Ordinal);
    }

    private static int QualityByRound(string? adapter) => adapter switch
    {
        null => 30,
        "adapter of round 2" => 5,
        _ => 80,
    };

    private sealed class Reports(Action<CampaignProgress> report) : IProgress<CampaignProgress>
    {
        public void Report(CampaignProgress value)
        {
            lock (this)
            {
                report(value);
            }
        }
    }

    [Fact]
    public async Task RunAsync_check_that_cannot_be_run_is_refused_at_the_start_whoever_judges()
    {
        var prompts = Path.Combine(Path.GetDirectoryName(_campaign.StatePath)!, "prompts.jsonl");
        File.WriteAllLines(
            prompts,
            Enumerable
                .Range(0, 40)
                .Select(i =>
                    $$"""{"prompt":[{"role":"user","content":"{{i}}?"}],"checks":[{"kind":"{{(i == 30 ? "exakt" : "exact")}}","value":"1"}]}"""));
        _campaign.Configuration = _campaign.Configure($"campaign.prompts.file = \"{prompts}\"\ncampaign.evaluation.prompts-per-task = 20");
        _campaign.Engines = _campaign.Engines with { Judge = _ => new FakeJudge(_campaign.Log) { ChecksPrompts = false } };

        var error = await Assert.ThrowsAsync<UserInputException>(() => _campaign.RunAsync());

        Assert.StartsWith($"{prompts}, line 31: ", error.Message, StringComparison.Ordinal);
        Assert.Contains("exakt", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_self_play_sets_the_datas_answers_against_what_each_rounds_policy_samples()
    {
        var prompts = Path.Combine(Path.GetDirectoryName(_campaign.StatePath)!, "prompts.jsonl");
        File.WriteAllLines(prompts, Enumerable.Range(0, 40).Select(i =>
                    $$"""{"prompt":[{"role":"user","content":"{{i}}?"}],"completion":[{"role":"assistant","content":"data {{i}}"}],"checks":[{"kind":"exact","value":"{{i}}"}]}"""));
        _campaign.Configuration = _campaign.Configure($$"""
            campaign {
              prompts.file = "{{prompts}}"
              generation.samples-per-prompt = 1
              judging { judge = data, judges.data { type = data-answer } }
              evaluation { judge = verifier, prompts-per-task = 20 }
            }
            """);
        _campaign.Engines = _campaign.Engines with
        {
            Judge = name => name == "data" ? new DataAnswerJudge(name) : new FakeJudge(_campaign.Log),
        };

        Assert.Equal(CampaignEnd.Completed, (await _campaign.RunAsync()).End);
        var (state, store) = (CampaignReader.ReadWhole(_campaign.StatePath)!, StateDirectory.ArtifactsOf(_campaign.StatePath));

        Assert.All(state.Rounds.Skip(1), round =>
        {
            var pairs = PairFile.Read(store.Verified(round.Pairs!.Pairs)).ToArray();
            Assert.Equal(6, pairs.Length);
            Assert.All(pairs, pair => Assert.Equal($"data {pair.Provenance!.PromptText.TrimEnd('?')}", pair.Provenance.ChosenText));
            Assert.All(pairs, pair => Assert.Equal((1, 0), (pair.Provenance!.ChosenIndex, pair.Provenance.RejectedIndex)));
            Assert.Equal((12, 0.0), (round.SampleCount, round.MeanScore));
            Assert.All(
                round.Samples.Values.SelectMany(unit => SampleFile.Read(store.Verified(unit.Samples))),
                samples => Assert.Null(samples.Prompt.Answer));
        });
    }

    [Fact]
    public async Task RunAsync_file_of_a_judge_that_nobody_uses_may_be_missing()
    {
        _campaign.Configuration = _campaign.Configure("campaign.judging.judges.other { type = llm, model = missing.gguf }");

        Assert.Equal(CampaignEnd.Completed, (await _campaign.RunAsync()).End);
    }

    [Fact]
    public async Task RunAsync_judge_that_only_compares_cannot_grade_the_evaluation()
    {
        _campaign.Engines = _campaign.Engines with { Judge = _ => new FakeJudge(_campaign.Log) { ScoresSingleSamples = false } };

        var error = await Assert.ThrowsAsync<UserInputException>(() => _campaign.RunAsync());

        Assert.Contains("evaluation.judge", error.Message, StringComparison.Ordinal);
        Assert.Equal(["disposed"], _campaign.Log.Entries);
    }
}

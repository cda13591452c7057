using System.Text.Json;
using IterativeDpo.Artifacts;
using IterativeDpo.Training.Torch;

namespace IterativeDpo.Training.Tests.Torch;

/// <summary>A run that was cut short anywhere ends with the bits of one that was not.</summary>
[Collection(nameof(ThreadCounts))]
public sealed class ResumeTests : IDisposable
{
    /// <summary>Everything that has a state, and a checkpoint, an evaluation and an epoch that end at different steps.</summary>
    private static readonly TrainingOptions Everything = Tiny.Options with
    {
        Lora = Tiny.Options.Lora! with { Dropout = 0.1f },
        Epochs = 3,
        BatchPairs = 2,
        CheckpointSteps = 2,
        ValidationShare = 0.2f,
        EvaluationSteps = 3,
        EarlyStoppingPatience = 9,
        WarmupRatio = 0.2f,
        Schedule = LearningRateSchedule.Cosine,
        WeightDecay = 0.1f,
        ReferenceSync = new(Steps: 4, Mix: 0.6f),
    };

    private readonly TinyRun _run = new();

    public static TheoryData<string, int> Deaths
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (var step in Enumerable.Range(1, 8))
            {
                data.Add("lora", step);
                data.Add("lion", step);
                data.Add("full", step);
                data.Add("bco", step);
                data.Add("beta", step);
            }
            return data;
        }
    }

    public void Dispose() => _run.Dispose();

    [Theory]
    [MemberData(nameof(Deaths))]
    public void Train_killed_gives_the_same_bytes(string kind, int step)
    {
        var options = OptionsOf(kind);
        var whole = TinyRun.Train(_run.Request("whole", options));

        TinyRun.TrainAndDieAt(step, _run.Request("parts", options));
        Assert.False(File.Exists(_run.Output("parts")));
        var parts = TinyRun.Train(_run.Request("parts", options));

        Assert.Equal(JsonSerializer.Serialize(whole.History), JsonSerializer.Serialize(parts.History));
        Assert.Equal(Digest.OfFile(_run.Output("whole")), Digest.OfFile(_run.Output("parts")));
    }

    [Fact]
    public void Train_killed_and_interrupted_again_and_again_gives_the_same_bytes()
    {
        TinyRun.Train(_run.Request("whole", Everything));

        TinyRun.TrainAndInterruptAt(3, _run.Request("parts", Everything));
        TinyRun.TrainAndDieAt(4, _run.Request("parts", Everything));
        TinyRun.TrainAndDieAt(5, _run.Request("parts", Everything));
        TinyRun.TrainAndInterruptAt(7, _run.Request("parts", Everything));
        TinyRun.Train(_run.Request("parts", Everything));

        Assert.Equal(Digest.OfFile(_run.Output("whole")), Digest.OfFile(_run.Output("parts")));
    }

    /// <summary>As on another machine: the settings that a campaign may change on its way.</summary>
    [Theory]
    [InlineData(2, 2)]
    [InlineData(1, 5)]
    public void Train_killed_goes_on_with_other_threads_and_checkpoint_steps(int threads, int checkpointSteps)
    {
        TinyRun.TrainAndDieAt(5, _run.Request("a", Everything));
        var first = 0;

        TorchTrainer.Train(
            _run.Request("a", Everything with { Threads = threads, CheckpointSteps = checkpointSteps }),
            new Steps(step => first = first == 0 ? step : first),
            default);

        Assert.Equal(5, first);
        Assert.Single(Directory.GetFiles(_run.Request("a", Everything).WorkDirectory, "checkpoint-*.bin"));
    }

    [Fact]
    public void Train_two_runs_in_one_directory_do_not_take_each_others_state()
    {
        var options = Everything with { ReferenceSync = null };
        TinyRun.Train(_run.Request("whole", options));
        var other = _run.Request("shared", options) with { Seed = 8, OutputPath = _run.Output("other") };
        var mine = _run.Request("shared", options) with { OutputPath = _run.Output("mine") };

        TinyRun.TrainAndDieAt(5, other);
        TinyRun.TrainAndDieAt(7, mine);
        TinyRun.Train(other);
        TinyRun.Train(mine);

        Assert.Equal(Digest.OfFile(_run.Output("whole")), Digest.OfFile(_run.Output("mine")));
        Assert.NotEqual(Digest.OfFile(_run.Output("whole")), Digest.OfFile(_run.Output("other")));
    }

    [Fact]
    public void Train_damaged_checkpoint_names_it_and_the_way_out()
    {
        var request = _run.Request("a", Everything);
        TinyRun.TrainAndDieAt(5, request);
        var checkpoint = Directory.GetFiles(request.WorkDirectory, "checkpoint-*.bin").Single();
        File.WriteAllBytes(checkpoint, File.ReadAllBytes(checkpoint)[..^100]);

        var e = Assert.Throws<UserInputException>(() => TinyRun.Train(request));

        Assert.Contains(checkpoint, e.Message);
        Assert.Contains("damaged. Delete it", e.Message);
        Assert.False(File.Exists(request.OutputPath));
    }

    [Fact]
    public void Train_damaged_history_names_it_and_the_way_out()
    {
        var request = _run.Request("a", Everything);
        TinyRun.TrainAndDieAt(5, request);
        var steps = Directory.GetFiles(request.WorkDirectory, "checkpoint-*.steps").Single();
        File.WriteAllBytes(steps, File.ReadAllBytes(steps)[..^1]);

        var e = Assert.Throws<UserInputException>(() => TinyRun.Train(request));

        Assert.Contains($"{steps}: step 3 of the run is missing or damaged. Delete {Path.ChangeExtension(steps, ".bin")}", e.Message);
        File.Delete(Path.ChangeExtension(steps, ".bin"));
        Assert.Equal(
            JsonSerializer.Serialize(TinyRun.Train(_run.Request("whole", Everything)).History),
            JsonSerializer.Serialize(TinyRun.Train(request).History));
    }

    [Fact]
    public void Train_long_run_has_a_checkpoint_as_small_as_a_short_ones()
    {
        var request = _run.Request("a", Tiny.Options with { CheckpointSteps = 1, MaxSteps = 40 });
        TinyRun.TrainAndDieAt(2, request);
        var checkpoint = Directory.GetFiles(request.WorkDirectory, "checkpoint-*.bin").Single();
        var before = new FileInfo(checkpoint).Length;

        TinyRun.Train(request);

        // A step's metrics as JSON are some 600 bytes, give or take a few digits.
        Assert.InRange(new FileInfo(checkpoint).Length, before - 100, before + 100);
    }

    [Fact]
    public void Train_checkpoint_renamed_from_another_run_is_refused()
    {
        var mine = _run.Request("mine", Everything);
        var other = _run.Request("other", Everything) with { Seed = 8 };
        TinyRun.TrainAndDieAt(5, mine);
        TinyRun.TrainAndDieAt(5, other);
        var checkpoint = Directory.GetFiles(mine.WorkDirectory, "checkpoint-*.bin").Single();
        File.Copy(Directory.GetFiles(other.WorkDirectory, "checkpoint-*.bin").Single(), checkpoint, overwrite: true);

        Assert.Contains(checkpoint, Assert.Throws<UserInputException>(() => TinyRun.Train(mine)).Message);
    }

    private static TrainingOptions OptionsOf(string kind) => kind switch
    {
        "lion" => Everything with { Optimizer = OptimizerKind.Lion, LearningRate = 1e-3f },
        "full" => Everything with { Lora = null, LearningRate = 1e-3f },
        "bco" => Everything with { Loss = new("bco_pair") { BcoRewardMean = true } },
        "beta" => Everything with { Loss = new("sigmoid") { DynamicBeta = 0.6f }, ChesDrop = 0.3f, BatchPairs = 1, EvaluationSteps = 4 },
        _ => Everything,
    };

    private sealed class Steps(Action<int> report) : IProgress<TrainingStep>
    {
        public void Report(TrainingStep value) => report(value.Step);
    }
}

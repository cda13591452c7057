using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using IterativeDpo.Generation;
using IterativeDpo.Training;
using Parquet;
using Parquet.Serialization;

namespace IterativeDpo.EndToEnd.Tests;

/// <summary><c>dpo train</c> in a process of its own.</summary>
public sealed class TrainTests : IDisposable
{
    private readonly TinyTraining _training = new();

    public void Dispose() => _training.Dispose();

    [Fact]
    public void Train_writesAdapterMetricsAndReport()
    {
        using var process = DpoProcess.Run(_training.Arguments("out", "--json"));

        Assert.True(process.ExitCode == 0, process.Errors);
        Assert.Equal(36, process.Json.GetProperty("steps").GetInt32());
        var steps = MetricsLog.Read(Path.Combine(_training.PathOf("out"), "metrics.jsonl"));
        Assert.Equal(Enumerable.Range(1, 36), steps.Select(step => step.Step));
        Assert.True(steps[^1].Metrics["loss"] < steps[0].Metrics["loss"] / 2);
        Assert.Equal(process.Json.GetProperty("sha256").GetString(), Artifacts.Digest.Of(_training.Result("out")).Hex);
        Assert.Contains("<h1>sigmoid</h1>", File.ReadAllText(Path.Combine(_training.PathOf("out"), "report.html")));
    }

    [Fact]
    public async Task Train_onTheSameRowsInParquet_givesTheSameAdapter()
    {
        var rows = File.ReadLines(_training.DataPath).Select(line => JsonSerializer.Deserialize<PairRow>(line)!);
        await ParquetSerializer.SerializeAsync(rows, _training.PathOf("pairs.parquet"), new ParquetOptions { RowGroupSize = 20 });

        using var lines = DpoProcess.Run(_training.Arguments("lines"));
        using var parquet = DpoProcess.Run(_training.Arguments("parquet", "--data", _training.PathOf("pairs.parquet")));

        Assert.True(parquet.ExitCode == 0, parquet.Errors);
        Assert.Equal(_training.Result("lines"), _training.Result("parquet"));
    }

    /// <summary>No loss by default reads the probability: a pair that is rather wrong must not be trained as right.</summary>
    [Fact]
    public void Train_onPairsThatAreRatherWrong_isTrainingOnThemTurnedRound_andUndecidedOnesNeedALossThatReadsIt()
    {
        string With(string name, Func<PreferencePair, PreferencePair> change)
        {
            using var file = File.Create(_training.PathOf(name));
            PairFile.Write(file, PairFile.Read(_training.DataPath).Select(record => record with { Pair = change(record.Pair) }));
            return file.Name;
        }
        var wrong = With(
            "wrong.jsonl",
            pair => pair with { ChosenIds = pair.RejectedIds, RejectedIds = pair.ChosenIds, ChosenProbability = 0.1 });
        var undecided = With("undecided.jsonl", pair => pair with { ChosenProbability = 0.5 });

        using var right = DpoProcess.Run(_training.Arguments("right", "--set", "training.max-steps=3"));
        using var turned = DpoProcess.Run(_training.Arguments("turned", "--data", wrong, "--set", "training.max-steps=3"));
        using var refused = DpoProcess.Run(_training.Arguments("refused", "--data", undecided, "--set", "training.max-steps=3"));
        using var read = DpoProcess.Run(
            _training.Arguments(
                "read",
                "--data",
                undecided,
                "--set",
                "training.max-steps=3",
                "--set",
                "training.loss.probabilistic-labels=on"));

        Assert.True(turned.ExitCode == 0, turned.Errors);
        Assert.Equal(_training.Result("right"), _training.Result("turned"));
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("undecided.jsonl, line 1: \"chosen_probability\" is 0.5", refused.Errors, StringComparison.Ordinal);
        Assert.True(read.ExitCode == 0, read.Errors);
    }

    /// <summary>With all that has a state of its own: moments, best parameters, a moving reference, dropout.</summary>
    [Theory]
    [InlineData()]
    [InlineData(
        "optimizer=lion",
        "lora.dropout=0.1",
        "validation-share=0.2",
        "evaluation-steps=3",
        "reference-sync.steps=4",
        "warmup-ratio=0.2",
        "max-steps=36")]
    public void Train_killedAgainAndAgain_endsWithTheSameBits(params string[] settings)
    {
        string[] more = [.. settings.SelectMany(setting => new[] { "--set", $"training.{setting}" })];
        using (var whole = DpoProcess.Run(_training.Arguments("whole", more)))
        {
            Assert.True(whole.ExitCode == 0, whole.Errors);
        }
        var random = new SplitMix64(3);
        for (var kill = 0; kill < 3; kill++)
        {
            using var process = DpoProcess.Start(_training.Arguments("parts", more));
            var at = _training.StepsOf("parts") + 1 + (int)(random.Next() % 8);
            Assert.True(SpinWait.SpinUntil(() => _training.StepsOf("parts") >= at, TimeSpan.FromMinutes(1)), process.Errors);
            process.Kill9();
        }

        using var last = DpoProcess.Run(_training.Arguments("parts", more));

        Assert.True(last.ExitCode == 0, last.Errors);
        Assert.Equal(_training.Result("whole"), _training.Result("parts"));
        Assert.Equal(36, _training.StepsOf("parts"));
    }

    [Fact]
    public void Train_interrupted_exits130AndGoesOn()
    {
        using (var process = DpoProcess.Start(_training.Arguments("out")))
        {
            Assert.True(SpinWait.SpinUntil(() => _training.StepsOf("out") > 2, TimeSpan.FromMinutes(1)), process.Errors);
            process.Interrupt();
            Assert.Equal(130, process.ExitCode);
            Assert.False(File.Exists(Path.Combine(_training.PathOf("out"), "adapter.gguf")));
        }

        using var second = DpoProcess.Run(_training.Arguments("out"));

        Assert.True(second.ExitCode == 0, second.Errors);
        Assert.Equal(36, _training.StepsOf("out"));
    }

    [Fact]
    public void Train_secondRound_goesOnFromTheAdapterTheAverageAndTheEarlierData()
    {
        string[] policy = ["--epochs", "1", "--set", "policy.reference=ema", "--json"];
        using var first = DpoProcess.Run(_training.Arguments("one", policy));
        Assert.True(first.ExitCode == 0, first.Errors);

        using var second = DpoProcess.Run(_training.Arguments("two",
        [
            .. policy,
            "--adapter",
            Result("one", "adapter.gguf"),
            "--average",
            Result("one", "average.gguf"),
            "--earlier",
            _training.DataPath,
            "--set", "policy.data=replay", "--set", "policy.replay-share=0.25",
        ]));

        Assert.True(second.ExitCode == 0, second.Errors);
        // 48 pairs of its own are three quarters of all.
        Assert.Equal(64, second.Json.GetProperty("examples").GetInt32());
        // The reference lags behind the policy that training goes on from, so there is a distance from the first step on.
        Assert.NotEqual(0, MetricsLog.Read(Result("two", "metrics.jsonl"))[0].Metrics["kl"]);
        Assert.NotEqual(_training.Result("one", "average.gguf"), _training.Result("two", "average.gguf"));

        string Result(string output, string file) => Path.Combine(_training.PathOf(output), file);
    }

    [Fact]
    public void Train_full_writesAWholeModel()
    {
        using var process = DpoProcess.Run(_training.Arguments("out", "--full", "--epochs", "1"));

        Assert.True(process.ExitCode == 0, process.Errors);
        Assert.True(_training.Result("out", "model.gguf").Length > new FileInfo(TinyTraining.Model).Length);
    }

    [Fact]
    public void Train_intoADirectoryOfOtherSettings_isRefusedAndLosesNothing()
    {
        DpoProcess.Run(_training.Arguments("out")).Dispose();
        var before = _training.Result("out");

        AssertRefused(_training.Arguments("out", "--beta", "0.3"), "settings.options.loss.beta: 0.1, now 0.3", "--out");

        Assert.Equal(before, _training.Result("out"));
    }

    [Fact]
    public void Train_afterABadRowIsCorrected_goesOnInTheSameDirectory()
    {
        var rows = File.ReadAllLines(_training.DataPath);
        File.WriteAllLines(_training.DataPath, [.. rows[..3], "{", .. rows[3..]]);
        AssertRefused(_training.Arguments("out"), "pairs.jsonl, line 4", "--skip-bad-rows");

        File.WriteAllLines(_training.DataPath, rows);
        using var process = DpoProcess.Run(_training.Arguments("out"));

        Assert.True(process.ExitCode == 0, process.Errors);
    }

    [Fact]
    public void Train_skippingBadRows_countsAndListsThem()
    {
        File.AppendAllText(_training.DataPath, "{\n");

        using var process = DpoProcess.Run(_training.Arguments("out", "--skip-bad-rows", "--json"));

        Assert.True(process.ExitCode == 0, process.Errors);
        Assert.Equal(1, process.Json.GetProperty("rejected").GetProperty("not_json").GetInt32());
        Assert.Contains("\"line\":49", File.ReadAllText(Path.Combine(_training.PathOf("out"), "rejected.jsonl")));
    }

    [Fact]
    public void Train_skippingMoreBadRowsThanAreListed_saysHowManyAre()
    {
        File.AppendAllLines(_training.DataPath, Enumerable.Repeat("{", 1001));

        using var process = DpoProcess.Run(_training.Arguments("out", "--skip-bad-rows", "--epochs", "1"));

        Assert.Contains("1001 of 1049 rows were not used", process.Errors);
        Assert.Contains("says why of the first 1000", process.Errors);
        Assert.Equal(1000, File.ReadLines(Path.Combine(_training.PathOf("out"), "rejected.jsonl")).Count());
    }

    [Fact]
    public void Train_unpairedLossOnPairs_learnsFromBothCompletions()
    {
        using var process = DpoProcess.Run(_training.Arguments("out", "--loss", "kto", "--json"));

        Assert.True(process.ExitCode == 0, process.Errors);
        Assert.Equal(96, process.Json.GetProperty("examples").GetInt32());
        Assert.True(process.Json.GetProperty("metrics").GetProperty("rewards/margins").GetDouble() > 0);
    }

    [Theory]
    [InlineData("cat.jpg")]
    [InlineData("cat.tmp")]
    [InlineData("settings.json")]
    public void Train_intoADirectoryOfOtherFiles_isRefusedAndLeavesNothingThere(string file)
    {
        Directory.CreateDirectory(_training.PathOf("photos"));
        File.WriteAllText(Path.Combine(_training.PathOf("photos"), file), "{}");

        AssertRefused(_training.Arguments("photos"), "photos", "holds other files", "--out");

        Assert.Equal([file], Directory.GetFileSystemEntries(_training.PathOf("photos")).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Train_onAPipe_isRefusedWithTheWayOut()
    {
        await Process.Start("mkfifo", _training.PathOf("pipe")).WaitForExitAsync();
        _ = Task.Factory.StartNew(() => File.WriteAllText(_training.PathOf("pipe"), "{}"), TaskCreationOptions.LongRunning);

        AssertRefused(_training.Arguments("out", "--data", _training.PathOf("pipe")), "a pipe", "Write it to a file first");
    }

    [Fact]
    public void Train_killedInTheReferencePass_keepsWhatIsDoneAndGivesTheSameBytes()
    {
        using var training = new TinyTraining(pairs: 1000);
        string[] Arguments(string output) =>
            training.Arguments(output, "--set", "training.max-steps=2", "--set", "training.micro-batch-tokens=64");
        DpoProcess.Run(Arguments("whole")).Dispose();
        string[] Unfinished() =>
            Directory.Exists(training.PathOf("parts/work")) ? Directory.GetFiles(training.PathOf("parts/work"), "*.part") : [];

        using (var process = DpoProcess.Start(Arguments("parts")))
        {
            Assert.True(
                SpinWait.SpinUntil(() => Unfinished().Any(file => new FileInfo(file).Length > 1000), TimeSpan.FromMinutes(1)),
                process.Errors);
            process.Kill9();
        }
        Assert.Single(Unfinished());
        using var second = DpoProcess.Run(Arguments("parts"));

        Assert.True(second.ExitCode == 0, second.Errors);
        Assert.Equal(training.Result("whole"), training.Result("parts"));
        Assert.Empty(Unfinished());
    }

    [Fact]
    public void Train_twiceInOneDirectory_namesTheProcessThatHasIt()
    {
        using var first = DpoProcess.Start(_training.Arguments("out", "--epochs", "500"));
        Assert.True(SpinWait.SpinUntil(() => _training.StepsOf("out") > 0, TimeSpan.FromMinutes(1)), first.Errors);

        AssertRefused(_training.Arguments("out", "--epochs", "500"), "in use by process", "--out");
    }

    [Theory]
    [InlineData(new[] { "--loss", "sigmoit" }, new[] { "--loss", "did you mean sigmoid?" })]
    [InlineData(
        new[] { "--set", "training.los.beta=1" },
        new[] { "--set training.los.beta=1", "did you mean campaign.training.loss.beta?" })]
    [InlineData(new[] { "--set", "policy.data=replay" }, new[] { "policy.data is replay", "--earlier FILE" })]
    [InlineData(new[] { "--earlier", "old.jsonl" }, new[] { "--earlier", "policy.data is new" })]
    [InlineData(new[] { "--average", "average.gguf" }, new[] { "--average", "policy.reference = ema" })]
    [InlineData(
        new[] { "--adapter", "a.gguf", "--loss", "simpo", "--set", "policy.initialisation=base" },
        new[] { "--adapter", "without effect" })]
    [InlineData(
        new[] { "--set", "training.reference-sync.steps=5", "--set", "policy.initialisation=base" },
        new[] { "training.reference-sync.steps", "policy.initialisation" })]
    [InlineData(new[] { "--full", "--set", "policy.reference=ema" }, new[] { "policy.reference is ema", "--full trains no adapter" })]
    [InlineData(
        new[] { "--loss", "simpo", "--set", "training.loss.f-divergence=forward-kl" },
        new[] { "f-divergence", "it is for sigmoid" })]
    [InlineData(
        new[] { "--set", "training.micro-batch-tokens=100000000" },
        new[] { "training needs about", "training.micro-batch-tokens (100000000)" })]
    [InlineData(new[] { "--set", "policy.reference=none" }, new[] { "sigmoid compares the policy with a reference" })]
    [InlineData(new[] { "--set", "training.early-stopping-patience=2" }, new[] { "set training.evaluation-steps" })]
    [InlineData(new[] { "--set", "training.epochs" }, new[] { "KEY=VALUE" })]
    [InlineData(new[] { "--lora-rank", "999" }, new[] { "rank 999" })]
    [InlineData(new[] { "--max-length", "4" }, new[] { "maximum length is 4" })]
    [InlineData(new[] { "--model", "nowhere.gguf" }, new[] { "nowhere.gguf", "no such file" })]
    [InlineData(new[] { "--loss", "sigmoid,kto" }, new[] { "kto learns from labelled completions" })]
    [InlineData(new[] { "--data", "nowhere.jsonl" }, new[] { "nowhere.jsonl", "no such file" })]
    [InlineData(new[] { "--adapter", "nowhere.gguf" }, new[] { "nowhere.gguf", "no such file" })]
    [InlineData(new[] { "--config", "nowhere.conf" }, new[] { "nowhere.conf" })]
    public void Train_withBadInput_saysWhereAndWhatToDo(string[] wrong, string[] expected) =>
        AssertRefused(_training.Arguments("out", wrong), expected);

    private static void AssertRefused(string[] arguments, params string[] expected)
    {
        using var process = DpoProcess.Run(arguments);
        Assert.Equal(2, process.ExitCode);
        Assert.All(expected, text => Assert.Contains(text, process.Errors));
    }

    private sealed class PairRow
    {
        [JsonPropertyName("pair")]
        public Pair? Ids { get; set; }
    }

    private sealed class Pair
    {
        [JsonPropertyName("prompt_id")]
        public string? PromptId { get; set; }

        [JsonPropertyName("prompt_ids")]
        public List<int>? PromptIds { get; set; }

        [JsonPropertyName("chosen_ids")]
        public List<int>? ChosenIds { get; set; }

        [JsonPropertyName("rejected_ids")]
        public List<int>? RejectedIds { get; set; }

        [JsonPropertyName("chosen_probability")]
        public double ChosenProbability { get; set; }
    }
}

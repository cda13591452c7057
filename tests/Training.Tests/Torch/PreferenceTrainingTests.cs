using IterativeDpo.Training.Torch;
using IterativeDpo.Training.Torch.Losses;
using TorchSharp;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Tests.Torch;

public class PreferenceTrainingTests
{
    [Fact]
    public void Run_thousand_steps_leave_no_tensor_behind()
    {
        using var scope = NewDisposeScope();
        using var model = Model();
        using var lora = Fresh(model);
        var pairs = TinyModel.Pairs(2);
        using var optimiser = new AdamW(lora.Parameters, 0.9f, 0.99f, 1e-8f, 0);
        var live = new List<long>();
        var options = Tiny.Options with { Epochs = 1000, LearningRate = 1e-4f };

        Train(model, lora, pairs, options, optimiser, new Each(step => live.Add(Live())));

        Assert.Equal(1000, live.Count);
        Assert.Equal(live[0], live[^1]);
    }

    public static TheoryData<string> Losses => [.. PreferenceLosses.All.Select(loss => loss.Name)];

    [Theory]
    [MemberData(nameof(Losses))]
    public void Run_split_into_micro_batches_gives_the_same_step(string name)
    {
        using var scope = NewDisposeScope();
        using var model = Model();
        using var reference = Moved(model, 4);
        var loss = new LossOptions(name) { BcoRewardMean = name == "bco_pair", DynamicBeta = name == "sigmoid" ? 0.6f : 0, Wpo = true };
        var examples = new Objective(loss).ExamplesOf(TinyModel.Pairs(9));

        var (whole, wholeLoss) = OneStep(10_000);
        var (split, splitLoss) = OneStep(20);

        // Losses that are squares of hundreds have gradients of that size.
        Assert.Equal(wholeLoss, splitLoss, 1e-5 * Math.Max(1, wholeLoss));
        Assert.True((whole - split).abs().max().item<float>() < 1e-5 * Math.Max(1, whole.abs().max().item<float>()), "gradients differ");
        Assert.True(whole.abs().max().item<float>() > 1e-5, "there is no gradient");

        (Tensor Gradients, double Loss) OneStep(int microBatchTokens)
        {
            using var lora = Fresh(model);
            using var optimiser = new AdamW(lora.Parameters, 0.9f, 0.99f, 1e-8f, 0);
            var options = Tiny.Options with
            {
                BatchPairs = examples.Count,
                MicroBatchTokens = microBatchTokens,
                Loss = loss,
                MaxGradNorm = 0,
            };
            var history = Train(model, lora, examples, options, optimiser, null, reference);
            return (lora.Parameters.Gradients.clone(), history[0].Metrics["loss"]);
        }
    }

    [Fact]
    public void Run_step_forgets_the_gradient_of_the_step_before()
    {
        using var scope = NewDisposeScope();
        using var model = Model();
        using var lora = Fresh(model);
        using var optimiser = new AdamW(lora.Parameters, 0.9f, 0.99f, 1e-8f, 0);
        var pairs = TinyModel.Pairs(4);
        // Nothing moves, so every step over all pairs has the same gradient.
        var options = Tiny.Options with { Epochs = 2, BatchPairs = 4, LearningRate = 0 };

        var history = Train(model, lora, pairs, options, optimiser, null);

        Assert.Equal(history[0].Metrics["grad_norm"], history[1].Metrics["grad_norm"], 1e-5);
    }

    [Fact]
    public void Run_metrics_are_those_of_the_pairs()
    {
        using var scope = NewDisposeScope();
        using var model = Model();
        using var lora = Fresh(model);
        using var optimiser = new AdamW(lora.Parameters, 0.9f, 0.99f, 1e-8f, 0);
        var pairs = TinyModel.Pairs(4);
        var reference = ReferenceLogProbs.Compute(model, null, pairs, Tiny.Options, default);

        var metrics = Train(model, lora, pairs, Tiny.Options with { Loss = new([new("sigmoid"), new("sft", 0.5f)]) }, optimiser, null)[
            0
        ].Metrics;

        var nll = -reference.First.Sum() / pairs.Sum(p => p.ChosenIds.Length);
        Assert.Equal(reference.First.Average(), metrics["logps/chosen"], 4);
        Assert.Equal(reference.Second.Average(), metrics["logps/rejected"], 4);
        Assert.Equal(nll, metrics["nll_loss"], 4);
        Assert.Equal(Math.Log(2) + 0.5 * nll, metrics["loss"], 4);
        // A fresh adapter is the reference: every pair is a tie, and a tie is not a win.
        Assert.Equal(0, metrics["rewards/accuracies"]);
        Assert.Equal(pairs.Sum(p => 2 * p.PromptIds.Length + p.ChosenIds.Length + p.RejectedIds.Length), metrics["num_tokens"]);
        Assert.Equal(Tiny.Options.LearningRate, metrics["learning_rate"], 6);
        Assert.InRange(metrics["grad_norm"], 1e-6, 1e6);
    }

    [Fact]
    public void Run_constraint_is_logged_by_its_name_and_adds_to_the_loss()
    {
        using var scope = NewDisposeScope();
        using var model = Model();
        using var lora = Fresh(model);
        using var optimiser = new AdamW(lora.Parameters, 0.9f, 0.99f, 1e-8f, 0);
        var pairs = TinyModel.Pairs(4);
        var reference = ReferenceLogProbs.Compute(model, null, pairs, Tiny.Options, default);
        var loss = new LossOptions("sigmoid") { Constraints = [new("fluent", "nll", 1, 0.5f)] };

        var metrics = Train(model, lora, pairs, Tiny.Options with { Loss = loss }, optimiser, null)[0].Metrics;

        var penalty = pairs.Select((p, i) => 0.5 * Math.Max(0, -reference.First[i] / p.ChosenIds.Length - 1)).Average();
        Assert.Equal(penalty, metrics["constraints/fluent"], 4);
        Assert.Equal(Math.Log(2), metrics["losses/sigmoid"], 4);
        Assert.Equal(Math.Log(2) + penalty, metrics["loss"], 4);
    }

    [Fact]
    public void Run_reward_mean_takes_in_every_step()
    {
        using var scope = NewDisposeScope();
        using var model = Model();
        using var reference = Moved(model, 4);
        using var lora = Fresh(model);
        using var optimiser = new AdamW(lora.Parameters, 0.9f, 0.99f, 1e-8f, 0);
        // 10 pairs in steps of 4, 4 and 2, twice; nothing moves.
        var options = Tiny.Options with { Loss = new LossOptions("bco_pair") { BcoRewardMean = true }, Epochs = 2, LearningRate = 0 };

        var history = Train(model, lora, TinyModel.Pairs(10), options, optimiser, null, reference).Select(step => step.Metrics).ToArray();

        double Mean(int step) => (history[step]["rewards/chosen"] + history[step]["rewards/rejected"]) / 2;
        Assert.Equal(Mean(0), history[0]["rewards/running_mean"], 5);
        Assert.Equal((4 * Mean(0) + 4 * Mean(1) + 2 * Mean(2)) / 10, history[2]["rewards/running_mean"], 5);
        Assert.Equal(history[2]["rewards/running_mean"], history[5]["rewards/running_mean"], 5);
    }

    [Fact]
    public void Run_dynamic_beta_goes_by_each_steps_own_margin()
    {
        using var scope = NewDisposeScope();
        using var model = Model();
        using var reference = Moved(model, 4);
        using var lora = Fresh(model);
        using var optimiser = new AdamW(lora.Parameters, 0.9f, 0.99f, 1e-8f, 0);
        var options = Tiny.Options with { Loss = new LossOptions("sigmoid") { DynamicBeta = 0.6f }, BatchPairs = 1, Epochs = 2 };

        var history = Train(model, lora, TinyModel.Pairs(4), options, optimiser, null, reference).Select(step => step.Metrics).ToArray();

        var average = 0.0;
        foreach (var metrics in history)
        {
            // Rewards are logged with the β that is set.
            var margin = metrics["rewards/margins"] / 0.1;
            average = 0.9 * average + 0.1 * margin;
            var beta = 0.1 * Math.Max(0.01, 1 + 0.6f * (margin - average));
            Assert.Equal(average, metrics["margins/moving_average"], 4);
            Assert.Equal(beta, metrics["beta"], 5);
            Assert.Equal(Math.Log(1 + Math.Exp(-beta * margin)), metrics["loss"], 4);
        }
        Assert.True(history.Select(metrics => metrics["beta"]).Distinct().Count() > 4);
    }

    /// <summary>An interruption can fall between a step and its evaluation; what is stored then has the one and not the other.</summary>
    [Fact]
    public void Run_stopped_before_an_evaluation_goes_on_with_it()
    {
        using var scope = NewDisposeScope();
        using var model = Model();
        using var lora = Fresh(model);
        using var optimiser = new AdamW(lora.Parameters, 0.9f, 0.99f, 1e-8f, 0);
        var pairs = TinyModel.Pairs(12);
        var set = new ExampleSet(pairs, ReferenceLogProbs.Compute(model, null, pairs, Tiny.Options, default));
        var options = Tiny.Options with { Epochs = 3, EvaluationSteps = 2, CheckpointSteps = 1, ValidationShare = 0.25f };
        using var training = new PreferenceTraining(
            model,
            lora,
            set.Pick([.. Enumerable.Range(0, 9)]),
            set.Pick([9, 10, 11]),
            optimiser,
            options,
            1);
        var history = new List<TrainingStep>();
        var stored = new List<Tensor[]>();
        training.Run(history, () => stored.Add([.. training.State.Select(tensor => tensor.clone())]), null, default);
        var expected = Floats.Of(lora.Parameters.Values);

        var bare = history[3].Metrics.Where(metric => !metric.Key.StartsWith(Evaluations.Prefix, StringComparison.Ordinal)).ToDictionary();
        List<TrainingStep> resumed = [.. history.Take(3), history[3] with { Metrics = bare }];
        using (no_grad())
        {
            // The best parameters are still those of the evaluation before.
            foreach (var (tensor, value) in training.State.Zip([.. stored[3][..^1], stored[2][^1]]))
            {
                tensor.copy_(value);
            }
        }
        training.Run(resumed, () => { }, null, default);

        Assert.Equal(
            history.Select(step => step.Metrics.GetValueOrDefault("eval_loss")),
            resumed.Select(step => step.Metrics.GetValueOrDefault("eval_loss")));
        Assert.Equal(expected, Floats.Of(lora.Parameters.Values));
    }

    private static PolicyModel Model()
    {
        var config = TinyModel.Config();
        return PolicyModel.Create(config, TinyModel.Weights(config), ComputeType.Float32, trainable: false, CPU);
    }

    private static LoraWeights Fresh(PolicyModel model)
    {
        var lora = new LoraWeights(model.Config, Tiny.Options.Lora!, CPU);
        lora.Initialise(3);
        return lora;
    }

    /// <summary>An adapter that is not the policy, so that no log-ratio is 0.</summary>
    private static LoraWeights Moved(PolicyModel model, ulong seed)
    {
        var lora = Fresh(model);
        using var gradients = no_grad();
        lora.Parameters.Values.copy_(sin(arange(lora.Parameters.Values.numel()).to(ScalarType.Float32) * seed) * 0.1f);
        return lora;
    }

    private static List<TrainingStep> Train(
        PolicyModel model,
        LoraWeights lora,
        IReadOnlyList<ITrainingExample> examples,
        TrainingOptions options,
        Optimizer optimiser,
        IProgress<TrainingStep>? progress,
        LoraWeights? referenceLora = null)
    {
        var reference = ReferenceLogProbs.Compute(model, referenceLora, examples, Tiny.Options, default);
        var history = new List<TrainingStep>();
        using var training = new PreferenceTraining(model, lora, new(examples, reference), null, optimiser, options, 1);
        training.Run(history, () => { }, progress, default);
        return history;
    }

    private static long Live() => DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

    private sealed class Each(Action<TrainingStep> action) : IProgress<TrainingStep>
    {
        public void Report(TrainingStep value) => action(value);
    }
}

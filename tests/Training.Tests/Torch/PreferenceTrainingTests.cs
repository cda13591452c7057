using IterativeDpo.Training.Torch;
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

    [Theory]
    [InlineData("sigmoid")]
    [InlineData("sft")]
    public void Run_split_into_micro_batches_gives_the_same_step(string loss)
    {
        using var scope = NewDisposeScope();
        using var model = Model();
        var pairs = TinyModel.Pairs(9);

        var (whole, wholeLoss) = OneStep(10_000);
        var (split, splitLoss) = OneStep(20);

        Assert.Equal(wholeLoss, splitLoss, 5);
        Assert.True((whole - split).abs().max().item<float>() < 1e-5, "gradients differ");

        (Tensor Gradients, double Loss) OneStep(int microBatchTokens)
        {
            using var lora = Fresh(model);
            using var optimiser = new AdamW(lora.Parameters, 0.9f, 0.99f, 1e-8f, 0);
            var options = Tiny.Options with { BatchPairs = 9, MicroBatchTokens = microBatchTokens, Loss = new(loss), MaxGradNorm = 0 };
            var history = Train(model, lora, pairs, options, optimiser, null);
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

        var metrics = Train(model, lora, pairs, Tiny.Options with { Loss = new([new("sigmoid"), new("sft", 0.5f)]) }, optimiser, null)[0].Metrics;

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

    private static List<TrainingStep> Train(
        PolicyModel model, LoraWeights lora, PreferencePair[] pairs, TrainingOptions options, Optimizer optimiser, IProgress<TrainingStep>? progress)
    {
        var reference = ReferenceLogProbs.Compute(model, null, pairs, Tiny.Options, default);
        var history = new List<TrainingStep>();
        using var training = new PreferenceTraining(model, lora, new(pairs, reference), null, optimiser, options, 1);
        training.Run(history, () => { }, progress, default);
        return history;
    }

    private static long Live() => DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

    private sealed class Each(Action<TrainingStep> action) : IProgress<TrainingStep>
    {
        public void Report(TrainingStep value) => action(value);
    }
}

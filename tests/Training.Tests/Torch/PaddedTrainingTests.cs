using IterativeDpo.Training.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Tests.Torch;

/// <summary>Steps of the trainer leave the losses that the same steps of the padded computation do.</summary>
public sealed class PaddedTrainingTests : IDisposable
{
    private const int Steps = 3;
    private const double Beta = 0.1;

    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly PreferencePair[] _pairs = TinyModel.Pairs(7);

    public void Dispose() => _scope.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Run_gives_the_losses_of_padded_steps(bool adapter)
    {
        var config = TinyModel.Config();
        var options = Tiny.Options with
        {
            Lora = adapter ? Tiny.Options.Lora : null,
            BatchPairs = _pairs.Length,
            Epochs = Steps,
            MaxGradNorm = 0,
        };
        using var model = PolicyModel.Create(config, TinyModel.Weights(config), ComputeType.Float32, trainable: !adapter, CPU);
        using var lora = adapter ? new LoraWeights(config, options.Lora!, CPU) : null;
        lora?.Initialise(1);
        var maps = (lora?.Export() ?? []).ToDictionary(m => m.Tensor, m => (A: Leaf(m.A, 4, -1), B: Leaf(m.B, -1, 4), Scale: 2f));
        var padded = new PaddedModel(config, TinyModel.Weights(config), name => maps.TryGetValue(name, out var map) ? map : null);
        IReadOnlyList<Tensor> trained = adapter
            ? [.. maps.Values.SelectMany(map => new[] { map.A, map.B })]
            : [.. config.ListTensors().Select(t => padded.Weight(t.Name))];

        var losses = Train(model, lora, options);

        var expected = TrainPadded(padded, trained, options);
        Assert.All(expected.Zip(losses), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
        Assert.True(expected[^1] < expected[0] - 0.01, "the steps hardly changed the loss");
    }

    private List<double> Train(PolicyModel model, LoraWeights? lora, TrainingOptions options)
    {
        var reference = ReferenceLogProbs.Compute(model, null, _pairs, options, default);
        using var optimizer = Optimizer.Create(options, PreferenceTraining.ParametersOf(model, lora));
        using var training = new PreferenceTraining(model, lora, new(_pairs, reference), null, optimizer, options, 1);
        var history = new List<TrainingStep>();
        training.Run(history, () => { }, null, default);
        return [.. history.Select(step => step.Metrics["loss"])];
    }

    /// <summary>Adam (arXiv 1412.6980) as the paper has it; the options set no decay.</summary>
    private List<double> TrainPadded(PaddedModel model, IReadOnlyList<Tensor> trained, TrainingOptions options)
    {
        var reference = Margins(model).detach();
        var moments = trained.Select(t => (First: zeros_like(t), Second: zeros_like(t))).ToList();
        var losses = new List<double>();
        for (var step = 1; step <= Steps; step++)
        {
            var loss = -nn.functional.logsigmoid((Margins(model) - reference) * Beta).mean();
            losses.Add(loss.item<float>());
            loss.backward();
            using var off = no_grad();
            foreach (var (value, (first, second)) in trained.Zip(moments))
            {
                var gradient = value.grad!;
                first.mul_(options.AdamBeta1).add_(gradient, 1 - options.AdamBeta1);
                second.mul_(options.AdamBeta2).add_(gradient * gradient, 1 - options.AdamBeta2);
                var (mean, variance) = (first / (1 - Math.Pow(options.AdamBeta1, step)), second / (1 - Math.Pow(options.AdamBeta2, step)));
                value.sub_(mean / (variance.sqrt() + options.AdamEpsilon) * options.LearningRate);
                gradient.fill_(0);
            }
        }
        return losses;
    }

    /// <summary>log p(chosen) − log p(rejected), [pairs].</summary>
    private Tensor Margins(PaddedModel model)
    {
        var both = model.LogProbs([.. _pairs.Select(p => (p.PromptIds, p.ChosenIds)), .. _pairs.Select(p => (p.PromptIds, p.RejectedIds))]);
        return both.narrow(0, 0, _pairs.Length) - both.narrow(0, _pairs.Length, _pairs.Length);
    }

    private static Tensor Leaf(float[] values, long rows, long columns) => tensor(values).view(rows, columns).requires_grad_();
}

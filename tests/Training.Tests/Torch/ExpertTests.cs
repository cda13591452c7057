using IterativeDpo.Artifacts.Models;
using IterativeDpo.Training.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Tests.Torch;

/// <summary>What holds for mixtures of experts beside what holds for every family.</summary>
public sealed class ExpertTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly PreferencePair[] _pairs = TinyModel.Pairs(5);

    public void Dispose() => _scope.Dispose();

    public static TheoryData<string> Mixtures =>
        [.. TinyModel.Families.Where(family => family.Value.Experts is not null).Select(family => family.Key)];

    [Theory]
    [MemberData(nameof(Mixtures))]
    public void Aux_loss_and_its_gradients_equal_those_of_the_padded_batch(string family)
    {
        var config = TinyModel.Families[family];
        using var model = PolicyModel.Create(config, TinyModel.Weights(config), ComputeType.Float32, trainable: true, CPU);
        var packed = PackedExamples.Create(_pairs);
        var pass = model.Forward(packed.Batch, null, routers: new(packed.CountRows(), AuxCoefficient: 3));
        var actual = pass.Load!.Finish();
        (pass.TokenLogProbs.sum() * 0).backward();
        pass.Backward();

        var padded = new PaddedModel(config, TinyModel.Weights(config), _ => null);
        var expected = PaddedAuxLoss(padded, config.Experts!);
        (expected * 3).backward();

        Assert.Equal(expected.item<float>(), actual, 1e-4);
        using var gradients = PolicyModel.Create(
            config,
            name => padded.Weight(name).grad is { } gradient ? Floats.Of(gradient) : new float[padded.Weight(name).numel()],
            ComputeType.Float32,
            trainable: true,
            CPU);
        foreach (var spec in gradients.Parameters!.Specs)
        {
            var (theirs, ours) = (gradients.Parameters[spec.Name], model.Parameters!.Gradient(spec.Name));
            Assert.True((theirs - ours).abs().max().item<float>() < 1e-5 * Math.Max(1, theirs.abs().max().item<float>()), spec.Name);
        }
    }

    /// <summary>Of experts that all get the same, each has k / E of the tokens' choices, and the loss is k.</summary>
    [Fact]
    public void Aux_loss_of_a_router_that_knows_nothing_is_k()
    {
        var config = TinyModel.Families["llama, experts"];
        var weights = TinyModel.Weights(config);
        using var model = PolicyModel.Create(
            config,
            name => name.Contains(ExpertShape.Router) ? new float[weights(name).Length] : weights(name),
            ComputeType.Float32,
            trainable: false,
            CPU);
        var packed = PackedExamples.Create(_pairs);

        var load = model.Forward(packed.Batch, null, routers: new(packed.CountRows(), 0)).Load!;

        Assert.Equal(config.Experts!.Used, load.Finish(), 1e-5);
    }

    /// <summary>Few rows, and so many that they are filled up.</summary>
    [Theory]
    [InlineData(5)]
    [InlineData(61)]
    public void Load_counts_each_token_of_the_padded_batch_k_times(int pairs)
    {
        var config = TinyModel.Families["qwen3moe"];
        using var model = PolicyModel.Create(config, TinyModel.Weights(config), ComputeType.Float32, trainable: false, CPU);
        var examples = TinyModel.Pairs(pairs);
        var packed = PackedExamples.Create(examples);
        // Every token but the last of a completion.
        var tokens = examples.Sum(pair => 2 * pair.PromptIds.Length + pair.ChosenIds.Length + pair.RejectedIds.Length - 2);

        var load = model.Forward(packed.Batch, null, routers: new(packed.CountRows(), 1)).Load!;

        Assert.All(load.Choices, layer => Assert.Equal(tokens * config.Experts!.Used, layer.Sum()));
    }

    [Theory]
    [InlineData(5)]
    [InlineData(61)]
    public void Load_without_an_auxiliary_loss_counts_in_the_last_block_what_predicts_a_token_and_nothing_else(int pairs)
    {
        var config = TinyModel.Families["qwen3moe"];
        using var model = PolicyModel.Create(config, TinyModel.Weights(config), ComputeType.Float32, trainable: false, CPU);
        var packed = PackedExamples.Create(TinyModel.Pairs(pairs));
        var counts = packed.CountRows();

        var load = model.Forward(packed.Batch, null, routers: new(counts, 0)).Load!;

        var predicting = packed.Batch.Predictors.Distinct().Sum(row => counts[row]);
        Assert.Equal(predicting * config.Experts!.Used, load.Choices[^1].Sum());
    }

    [Fact]
    public void Backward_twice_leaves_the_same_bits()
    {
        var config = TinyModel.Families["qwen2moe"];
        var batch = PackedExamples.Create(_pairs).Batch;
        float[] Gradients()
        {
            using var model = PolicyModel.Create(config, TinyModel.Weights(config), ComputeType.BFloat16, trainable: true, CPU);
            var pass = model.Forward(batch);
            pass.TokenLogProbs.sum().backward();
            pass.Backward();
            return Floats.Of(model.Parameters!.Gradients);
        }

        Assert.Equal(Gradients(), Gradients());
    }

    [Fact]
    public void Backward_leaves_experts_that_nobody_chose_alone()
    {
        var config = TinyModel.Families["llama, experts"];
        var weights = TinyModel.Weights(config);
        using var model = PolicyModel.Create(config, weights, ComputeType.Float32, trainable: true, CPU);
        var ids = TinyModel.Ids(1, 7);
        var pass = model.Forward(PackedBatch.Create([new(ids, [ids])]));
        pass.TokenLogProbs.sum().backward();
        pass.Backward();

        var touched = Enumerable.Range(0, config.Experts!.Count).Count(expert =>
            model.Parameters!.Gradient(WeightLayout.Name(0, ExpertLayout.Down(expert))).abs().sum().item<float>() > 0);

        Assert.Equal(config.Experts.Used, touched);
    }

    [Fact]
    public void Groups_have_each_experts_rows_in_their_order_filled_up_by_rows_that_do_not_count()
    {
        var groups = ExpertGroups.Of(tensor(new long[] { 2, 0, 0, 2, 3, 2 }).view(3, 2), experts: 4);

        var (rows, choices) = (groups.Rows.data<long>().ToArray(), groups.Choices.data<long>().ToArray());
        int[] counted = [0, 1, 64, 65, 66, 128];
        Assert.Equal([64, 0, 64, 64], groups.Counts);
        Assert.Equal([0L, 1, 0, 1, 2, 2], counted.Select(place => rows[place]));
        Assert.Equal([64L, 0, 1, 65, 128, 66], groups.Places.data<long>().ToArray());
        Assert.Equal([1L, 2, 0, 3, 5, 4], counted.Select(place => choices[place]));
        Assert.Equal(192, rows.Length);
        Assert.Equal(counted, groups.Counted.data<float>().ToArray().Index().Where(place => place.Item == 1).Select(place => place.Index));
        Assert.Equal(counted.Length, groups.Counted.sum().item<float>());
    }

    [Fact]
    public void Groups_that_fill_a_step_are_not_filled_up()
    {
        var groups = ExpertGroups.Of(zeros([RowCounts.Step, 1], ScalarType.Int64), experts: 2);

        Assert.Equal([RowCounts.Step, 0], groups.Counts);
    }

    [Fact]
    public void CountRows_has_a_shared_prompt_once_for_each_completion_and_an_empty_completion_not_at_all()
    {
        var pairs = new PreferencePair[] { new("p", [1, 2], [3, 4], [5, 6, 7]), new("p", [1, 2], [3, 4], [8, 9]) };

        Assert.Equal([4f, 4, 2, 1, 1, 1], PackedExamples.Create(pairs).CountRows());
        Assert.Equal([1f, 1, 1], PackedExamples.Create([new PreferencePair("p", [1, 2], [3, 4], [])]).CountRows());
    }

    /// <summary>TRL's: over all tokens but padding and each completion's last, of all blocks together.</summary>
    private Tensor PaddedAuxLoss(PaddedModel padded, ExpertShape shape)
    {
        (int[] Prompt, int[] Completion)[] rows =
            [.. _pairs.Select(p => (p.PromptIds, p.ChosenIds)), .. _pairs.Select(p => (p.PromptIds, p.RejectedIds))];
        padded.LogProbs(rows);
        var p = cat([.. padded.RouterProbabilities.SelectMany(layer => rows.Select((row, i) =>
            layer[i].narrow(0, 0, row.Prompt.Length + row.Completion.Length - 1)))]);
        var likeliest = p.topk(shape.Used, 1).indexes;
        var chosen = zeros(p.shape).scatter(1, likeliest, ones(likeliest.shape));
        return shape.Count * (chosen.mean([0L]) * p.mean([0L])).sum();
    }
}

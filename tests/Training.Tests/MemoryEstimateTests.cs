using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Training.Torch.Cpu;

namespace IterativeDpo.Training.Tests;

public sealed class MemoryEstimateTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Of_full_training_keeps_values_gradients_and_moments_of_every_weight()
    {
        using var file = Model(TensorType.F32);
        var weights = file.Tensors.Values.Sum(tensor => (long)tensor.Elements);

        var estimate = MemoryEstimate.Of(file, Tiny.Options with { Lora = null }, 10);

        Assert.Equal((0, 16 * weights), (estimate.Weights, estimate.Trained));
        Assert.Equal(10 * weights, MemoryEstimate.Of(file, Tiny.Options with { Lora = null, Optimizer = OptimizerKind.Lion }, 10).Trained);
    }

    [Fact]
    public void Of_adapter_on_a_quantised_base_keeps_the_file_s_bytes()
    {
        using var file = Model(TensorType.Q8_0);

        var estimate = MemoryEstimate.Of(file, Tiny.Options, 10);

        Assert.Equal(file.Tensors.Values.Sum(tensor => tensor.ByteLength), estimate.Weights);
        // Rank 4 on every map of two blocks, 16 bytes a parameter.
        Assert.Equal(
            16L * 4 * file.Tensors.Values.Where(t => t.Name.StartsWith("blk") && t.Shape.Length == 2).Sum(t => t.Shape.Sum()),
            estimate.Trained);
    }

    [Fact]
    public void Of_activations_grow_with_the_rows_of_a_pass_and_fall_with_checkpointing()
    {
        using var file = Model(TensorType.F32);
        long Activations(TrainingOptions options) => MemoryEstimate.Of(file, options, 10).Activations;

        Assert.Equal(
            2 * Activations(Tiny.Options with { MicroBatchTokens = 1000 }),
            Activations(Tiny.Options with { MicroBatchTokens = 2000 }));
        Assert.True(Activations(Tiny.Options with { GradientCheckpointing = true }) < Activations(Tiny.Options));
    }

    [Fact]
    public void Of_attention_counts_as_many_threads_as_a_group_keeps_busy()
    {
        var config = TinyModel.Config(kvHeads: 2);
        long Working(int threads) => CpuAttention.WorkingBytes(config, threads, 1000);

        // Keys and values both ways in heads of 16, and 48 rows of scores twice, for each thread; four sums of two heads.
        Assert.Equal(4 * 1000 * (5 * 16 + 2 * 48), Working(2) - Working(1));
        Assert.Equal(4 * 1000 * (5 * 16 + 2 * 48 + 2 * 2 * 4 * 16), Working(1));
        Assert.Equal(Working(8), Working(64));
    }

    [Fact]
    public void Of_working_memory_counts_each_thread()
    {
        using var file = Model(TensorType.F32);
        long Working(int threads) => MemoryEstimate.Of(file, Tiny.Options with { Threads = threads, MicroBatchTokens = 1000 }, 10).Working;
        long OfAttention(int threads) => CpuAttention.WorkingBytes(ModelConfig.Read(file), threads, 1000);

        Assert.Equal(OfAttention(3) - OfAttention(1), Working(3) - Working(1));
        Assert.True(OfAttention(3) > OfAttention(1));
    }

    /// <summary>
    /// What a delta rule's gradients are made of is no block's to keep, and outweighs all else that is needed on the way back.
    /// </summary>
    [Fact]
    public void Of_delta_rules_working_memory_grows_with_rows_and_heads()
    {
        long Working(int heads, int rows)
        {
            var path = Path.Combine(_folder, "delta.gguf");
            TinyModel.Write(path, TinyModel.Families["qwen35"] with { DeltaNet = new(4, 8, KeyHeads: 2, heads, Every: 2) });
            using var file = GgufFile.Open(path);
            return MemoryEstimate.Of(file, Tiny.Options with { MicroBatchTokens = rows }, 10).Working;
        }

        var (of4, of8) = (Working(4, 2000) - Working(4, 1000), Working(8, 2000) - Working(8, 1000));

        // A row's channels twice and lag by lag, 64 and 96 of them in float32.
        Assert.True(of4 > 1000 * 4 * 12 * 64, $"{of4}");
        Assert.True(of8 > 1000 * 4 * 12 * 96 && of8 > 1.4 * of4, $"{of8}");
    }

    [Fact]
    public void CheckFits_too_large_says_what_takes_how_much_and_what_to_change()
    {
        using var file = Model(TensorType.F32);
        var estimate = MemoryEstimate.Of(file, Tiny.Options, 10);

        estimate.CheckFits(estimate.Total, Tiny.Options);
        var e = Assert.Throws<NotEnoughMemoryException>(() => estimate.CheckFits(estimate.Total - 1, Tiny.Options));

        Assert.Contains("activations", e.Message);
        Assert.Contains("training.micro-batch-tokens (64)", e.Message);
        Assert.Contains("training.gradient-checkpointing = true", e.Message);
    }

    private GgufFile Model(TensorType type)
    {
        var config = TinyModel.Config() with { FeedForwardDim = 64 };
        var path = Path.Combine(_folder, $"{type}.gguf");
        var weights = TinyModel.Weights(config);
        ModelWriter.Write(path, "tiny", config, name => weights(name), type);
        return GgufFile.Open(path);
    }
}

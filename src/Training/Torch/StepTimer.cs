using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Generation;
using IterativeDpo.Training.Torch.Peers;
using TorchSharp;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>Times whole optimiser steps of the trainer, as the campaign runs them, on a model of random weights.</summary>
public static class StepTimer
{
    /// <summary>
    /// Seconds of each step: the reference's log-probs of the step's pairs, forward, backward and the update.
    /// </summary>
    /// <param name="batches">The pairs of each step, as many in all. No two are of the same lengths, as in a run.</param>
    /// <param name="baseType">A quantised type that the matrices of a frozen model are kept in; F32 is the compute type.</param>
    /// <param name="library">What is left to LibTorch's operations, as on a GPU.</param>
    public static IReadOnlyList<double> Measure(
        ModelConfig config,
        TensorType baseType,
        IReadOnlyList<PreferencePair[]> batches,
        TrainingOptions options,
        OwnLoops library,
        TimeProvider time)
    {
        TorchEngine.Start(options.Threads);
        using var scope = NewDisposeScope();
        var device = torch.device(cuda.is_available() ? DeviceType.CUDA : DeviceType.CPU);
        var shapes = config.ListTensors().ToDictionary(t => t.Name, t => t.Shape);
        int[] ShapeOf(WeightPart part) => part.Expert is null ? shapes[part.Name] : shapes[part.Name][1..];
        using var model = new PolicyModel(
            config,
            part => RandomWeights(ShapeOf(part)),
            part => RandomBlocks(ShapeOf(part), baseType),
            options.ComputeType,
            options.Lora is null,
            device);
        model.GradientCheckpointing = options.GradientCheckpointing;
        model.OwnLoops &= ~library;
        // As the trainer does: the arrays that the weights came in are garbage as large as the model.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive);
        using var lora = options.Lora is null ? null : new LoraWeights(config, options.Lora, device);
        lora?.Initialise(1);
        var oneStep = options with { Epochs = 1, BatchPairs = batches[0].Length };
        using var optimizer = Optimizer.Create(options, PreferenceTraining.ParametersOf(model, lora));
        return Seconds(batches, time, pairs =>
        {
            var reference = ReferenceLogProbs.Compute(model, null, pairs, oneStep, default);
            using var training = new PreferenceTraining(model, lora, new(pairs, reference), null, optimizer, oneStep, 1);
            training.Run([], () => { }, null, default);
        });
    }

    /// <summary>Seconds of the eager peer's steps (<see cref="EagerStep"/>) on a processor, of the same weights, all on the same pairs:
    /// padded to the longest, its batches are hardly ever of another shape.</summary>
    public static IReadOnlyList<double> MeasurePeer(
        ModelConfig config, IReadOnlyList<PreferencePair> pairs, TrainingOptions options, int steps, TimeProvider time)
    {
        TorchEngine.Start(options.Threads);
        using var scope = NewDisposeScope();
        var shapes = config.ListTensors().ToDictionary(t => t.Name, t => t.Shape);
        var step = new EagerStep(
            config, pairs, name => RandomWeights(shapes[name]), name => RandomWeights([options.Lora!.Rank, shapes[name][1]]), options);
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive);
        return Seconds(Enumerable.Repeat(pairs, steps), time, _ => step.Run());
    }

    /// <summary>The most floating-point operations a second that products of the trainer's compute type reach here.</summary>
    public static double MeasureProductPeak(int threads, TimeProvider time)
    {
        const int size = 1024, products = 40;
        TorchEngine.Start(threads);
        using var scope = NewDisposeScope();
        var matrix = ones([size, size], ScalarType.BFloat16, torch.device(cuda.is_available() ? DeviceType.CUDA : DeviceType.CPU));
        var seconds = Enumerable.Range(0, products).Min(_ =>
        {
            using var inner = NewDisposeScope();
            var start = time.GetTimestamp();
            // Reading an element waits for a GPU.
            matrix.mm(matrix)[0, 0].to(ScalarType.Float32).item<float>();
            return time.GetElapsedTime(start).TotalSeconds;
        });
        return 2.0 * size * size * size / seconds;
    }

    /// <summary>
    /// Floating-point operations that a step cannot do without in products of the model's weights: the reference's pass, forward, the
    /// gradients of the inputs and, where they are trained, of the weights. Attention, adapters and whatever is computed twice are left
    /// out.
    /// </summary>
    public static double CountProducts(ModelConfig config, IReadOnlyList<PreferencePair> pairs, bool trainable)
    {
        var packed = PackedExamples.Create(pairs);
        var batch = packed.Batch;
        long all = packed.CountRows().Count(uses => uses > 0), predicting = batch.Predictors.Distinct().Count();
        static long Elements(FusedWeight map) => map.Rows * (long)map.Columns!.Value;
        var maps = WeightLayout.BlockMaps(config, 0);
        var qkv = Elements(maps.Single(map => map.Name == WeightLayout.Name(0, WeightLayout.Qkv)));
        // Of experts a row sees k.
        var block = maps.Where(map => map.Parts[0].Expert is null or 0)
            .Sum(map => Elements(map) * (map.Parts[0].Expert is null ? 1 : config.Experts!.Used));
        // The last block computes more than keys and values of the predicting rows only.
        var (whole, last) = (block * all, qkv * all + (block - qkv) * predicting);
        var head = (long)config.VocabSize * config.Dim * batch.Predictors.Length;
        return 2.0 * (trainable ? 4 : 3) * ((config.Layers - 1) * whole + last + head);
    }

    private static List<double> Seconds(
        IEnumerable<IReadOnlyList<PreferencePair>> batches, TimeProvider time, Action<IReadOnlyList<PreferencePair>> step)
    {
        var seconds = new List<double>();
        foreach (var pairs in batches)
        {
            var start = time.GetTimestamp();
            step(pairs);
            seconds.Add(time.GetElapsedTime(start).TotalSeconds);
        }
        return seconds;
    }

    /// <summary>A quantised matrix of random bytes with small scales; null for another tensor.</summary>
    private static StoredMatrix? RandomBlocks(int[] shape, TensorType type)
    {
        if (shape.Length < 2 || !QuantisedMatrix.Takes(type, shape[1]))
        {
            return null;
        }
        var bytes = new byte[(long)shape[0] * shape[1] / type.BlockLength() * type.BlockBytes()];
        new Random(1).NextBytes(bytes);
        for (var block = 0; block < bytes.Length; block += type.BlockBytes())
        {
            // Q8_0 and Q4_K begin with their scales.
            BitConverter.TryWriteBytes(bytes.AsSpan(block), (Half)1e-4);
            BitConverter.TryWriteBytes(bytes.AsSpan(block + 2), (Half)1e-4);
        }
        return new(type, bytes);
    }

    private static float[] RandomWeights(int[] shape)
    {
        var values = new float[shape.Aggregate(1, (product, size) => product * size)];
        var scale = shape.Length == 1 ? 0 : 2 / Math.Sqrt(shape[1]);
        ulong seed = 1;
        for (var i = 0; i < values.Length; i++)
        {
            seed = SampleSeed.Mix(seed);
            values[i] = (float)(((seed >> 40) / (double)(1 << 24) - 0.5) * scale + (shape.Length == 1 ? 1 : 0));
        }
        return values;
    }
}

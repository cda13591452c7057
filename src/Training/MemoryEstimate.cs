using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Adapters;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Training.Torch;
using IterativeDpo.Training.Torch.Cpu;
using TorchSharp;

namespace IterativeDpo.Training;

/// <summary>This machine has too little memory for a training; another one may have enough.</summary>
public sealed class NotEnoughMemoryException(string message) : UserInputException(message);

/// <summary>
/// What a training run takes at its peak, in bytes: a sum of what it is known to keep. At the sizes of docs/performance.md it is within a
/// quarter of what is measured where passes are full, and over it where they are not.
/// </summary>
/// <param name="Weights">The frozen model, or nothing where every weight is trained.</param>
/// <param name="Trained">Trained parameters with gradients and the optimiser's state.</param>
/// <param name="Activations">What one forward pass keeps for the way back.</param>
/// <param name="Working">Temporaries of a block, the head's logits, and the program itself.</param>
public sealed record MemoryEstimate(long Weights, long Trained, long Activations, long Working)
{
    /// <summary>.NET, LibTorch and its thread pools before any model.</summary>
    private const long Program = 240L << 20;

    /// <summary>The head's logits, their exponentials and a copy in the compute type, of a chunk.</summary>
    private const long HeadChunks = 48L << 20;

    public long Total => Weights + Trained + Activations + Working;

    /// <summary>What there is for the program: the machine's free memory, or the limit it runs under.</summary>
    public static long AvailableBytes => AvailableMemory.Bytes();

    public static MemoryEstimate Of(GgufFile file, TrainingOptions options, IReadOnlyList<ITrainingExample> examples)
    {
        var sizeOf = ExampleSizes.Of(examples);
        var longest = Enumerable.Range(0, examples.Count).Select(sizeOf).Max(size => size.PromptTokens + size.CompletionTokens);
        return Of(file, options, longest);
    }

    /// <param name="longest">Packed tokens of the longest example: its prompt and both completions.</param>
    public static MemoryEstimate Of(GgufFile file, TrainingOptions options, long longest)
    {
        var config = ModelConfig.Read(file);
        long type = options.ComputeType == ComputeType.BFloat16 ? 2 : 4;
        var all = file.Tensors.Values.Sum(tensor => (long)tensor.Elements);
        // Of experts one is made at a time.
        var largest = file.Tensors.Values.Max(tensor => (long)tensor.Elements / (tensor.Shape.Length == 3 ? tensor.Shape[0] : 1));
        var trained = options.Lora is { } lora ? Adapter(lora, config) : all;
        long rows = Math.Max(options.MicroBatchTokens, longest);
        long[] blocks =
            [.. Enumerable.Range(0, config.Layers).Select(layer => KeptOf(config, type, rows, longest, layer))];
        var kept = options.GradientCheckpointing ? 4L * rows * config.Dim * config.Layers + blocks.Max() : blocks.Sum();
        // A convolution's b, c and x in float32, what comes of them, and their gradients; all that a delta rule's gradients are made of.
        var convolving = (config.Convolution is null ? 0 : 4L * 12 * config.Dim) + (config.DeltaNet is { } net ? WorkingOf(net) : 0);
        return new(
            options.Lora is null ? 0 : file.Tensors.Values.Sum(tensor => Kept(tensor, type)),
            trained * BytesOfParameter(options),
            kept,
            Math.Max(TemporariesOf(config, type, rows), rows * convolving)
                + CpuAttention.WorkingBytes(config, options.Threads, rows)
                + largest * (type + 4)
                + HeadChunks
                + Program);
    }

    /// <exception cref="NotEnoughMemoryException">It is more than there is: says what takes how much, and what to change.</exception>
    public void CheckFits(long availableBytes, TrainingOptions options)
    {
        if (Total > availableBytes)
        {
            throw new NotEnoughMemoryException(
                $"training needs about {Format(Total)} of memory, and there are {Format(availableBytes)}: {this}. Lower training.micro-batch-tokens "
                + $"({options.MicroBatchTokens}){(options.GradientCheckpointing ? "" : " or set training.gradient-checkpointing = true")}, "
                + (
                    options.Lora is null
                        ? "train an adapter instead of every weight, or take a smaller model."
                        : "or take a quantised or smaller base."));
        }
    }

    public override string ToString() =>
        $"weights {Format(Weights)}, trained parameters {Format(Trained)}, activations {Format(Activations)}, working memory {Format(Working)}";

    public static string Format(long bytes) => FormattableString.Invariant($"{bytes / (double)(1L << 30):F2} GiB");

    /// <summary>
    /// Value, gradient and state; the best values where there is a validation; a reference that moves, and the values it takes turns with.
    /// </summary>
    private static long BytesOfParameter(TrainingOptions options) =>
        8
        + (options.Optimizer == OptimizerKind.Lion ? 2 : 8)
        + (options.ValidationShare > 0 ? 4 : 0)
        + (options.ReferenceSync is null ? 0 : 8);

    private static long Adapter(LoraOptions lora, ModelConfig config)
    {
        var targets = LoraTargets.Of(lora, config).ToHashSet();
        return config.ListBlockMaps().Where(map => targets.Contains(map.Name)).Sum(map => LoraShapes.Values(map.Shape, lora.Rank));
    }

    private static long Kept(GgufTensor tensor, long type) =>
        new TensorSpec(tensor.Name, tensor.Shape).IsExact
            ? 4L * tensor.Elements
            : QuantLayout.KeptBytes(tensor.Type, tensor.Elements) ?? type * tensor.Elements;

    /// <summary>
    /// What a block keeps of its rows: the residual stream twice in float32, and in the compute type everything that a product reads.
    /// </summary>
    private static long KeptOf(ModelConfig config, long type, long rows, long longest, int layer)
    {
        long queries = config.Heads * config.HeadDim, keysValues = 2L * config.KvHeads * config.HeadDim;
        // LibTorch's operations keep queries twice, and probabilities.
        var more = CpuMemory.Holds(torch.CPU) && config.ScoreCap == 0 ? 0 : queries + config.Heads * longest / 2L;
        // Before their norms and after them.
        var unnormed = config.Architecture.QkNorm == QkNorm.None ? 0 : queries + keysValues;
        // Attended to before the gates, and the gates.
        var gates = config.Architecture.GatedAttention ? 3 * queries : 0;
        var attention = config.Convolves(layer) ? 5L * config.Dim
            : config.HasDeltaNet(layer) ? config.Dim + config.DeltaNet!.Channels + 2L * config.DeltaNet.ValueDim
            : config.Dim + 2 * queries + keysValues + unnormed + gates + more;
        var feedForward = config.Experts is { } experts
            ? KeptOf(experts, config.Dim, type, rows)
            : rows * type * (config.Dim + 4L * config.FeedForwardDim);
        var stream = (config.Architecture.NormsAfter ? 16L : 8L) * config.Dim + (config.Attends(layer) ? 4L * config.Heads : 0);
        return rows * (stream + type * attention) + feedForward;
    }

    /// <summary>
    /// A row comes k times, with what experts gave of it; the router's input is float32 and so are the probabilities, and the shared
    /// expert is a dense feed-forward with a gate.
    /// </summary>
    private static long KeptOf(ExpertShape experts, int dim, long type, long rows)
    {
        var shared = experts.SharedDim == 0 ? 0 : type * (2L * dim + 3L * experts.SharedDim) + 4L * dim;
        return rows * (4L * (dim + experts.Count) + 20L * experts.Used + shared)
            + PlacesOf(experts, rows) * (20L + type * (2L * dim + 3L * experts.FeedForwardDim));
    }

    /// <summary>
    /// Float32 of a row: channels before and after they are convolved and lag by lag, heads alike, scores of a chunk, gradients; and its
    /// share of the states before and after a chunk, taken to have 24 tokens, and of what is made of them.
    /// </summary>
    private static long WorkingOf(GatedDeltaNet net) =>
        4L * ((4L + 2 * net.Taps) * net.Channels + 30L * net.ValueDim + 8L * DeltaPlan.MostTokens * net.ValueHeads
            + 11L * net.ValueDim * net.HeadDim / 24);

    /// <summary>Gradients inside the feed-forward; of experts, also their outputs by row, in float32.</summary>
    private static long TemporariesOf(ModelConfig config, long type, long rows) => config.Experts is { } experts
        ? Math.Max(
            rows * 6L * experts.SharedDim,
            PlacesOf(experts, rows) * (6L * experts.FeedForwardDim + (4 + 2 * type) * config.Dim))
        : rows * 6L * config.FeedForwardDim;

    /// <summary>The rows' choices, and what fills up the experts' runs: half a step of each that somebody chose.</summary>
    private static long PlacesOf(ExpertShape experts, long rows)
    {
        var choices = rows * experts.Used;
        return choices + Math.Min(experts.Count, choices) * RowCounts.Step / 2;
    }
}

using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>The examples' log-probs under the reference, each summed over a completion, with LD-DPO's weights where that is on.</summary>
/// <param name="First">Of each example's first completion, [P].</param>
/// <param name="Second">Of each example's second completion, [P].</param>
internal sealed record ReferenceLogProbs(float[] First, float[] Second)
{
    /// <summary>For a loss that has no reference: log-ratios are log-probs.</summary>
    public static ReferenceLogProbs None(int examples) => new(new float[examples], new float[examples]);

    /// <summary>
    /// Computed once for a set of examples, and kept in a file that later starts of the same run read. Until it is whole, what was computed
    /// is in a log beside it, and goes on there: a killed process loses the pass that it was at.
    /// </summary>
    /// <param name="key">Names everything that the figures depend on; a file with another key is refused.</param>
    /// <param name="compute">Called where there is no file, with the log.</param>
    /// <exception cref="Artifacts.UserInputException">The file is damaged, or holds something else.</exception>
    public static ReferenceLogProbs ReadOrCompute(string path, string key, int examples, Func<RecordLog, ReferenceLogProbs> compute)
    {
        using var scope = NewDisposeScope();
        Tensor[] stored = [zeros(examples), zeros(examples)];
        if (StateFile.Read(path, key, stored) is not null)
        {
            return new(Floats.Of(stored[0]), Floats.Of(stored[1]));
        }
        var unfinished = Path.ChangeExtension(path, ".part");
        ReferenceLogProbs computed;
        using (var log = new RecordLog(unfinished, key))
        {
            computed = compute(log);
        }
        StateFile.Write(path, key, "", [tensor(computed.First), tensor(computed.Second)]);
        File.Delete(unfinished);
        return computed;
    }

    /// <summary>Of all examples, as many at a time as fit.</summary>
    /// <param name="model">The base; the reference is it with <paramref name="lora"/> on.</param>
    /// <param name="log">Has the sums of the passes that are done, and gets those of the others; null keeps none.</param>
    /// <exception cref="NonFiniteTrainingException">A log-prob is not finite.</exception>
    public static ReferenceLogProbs Compute(
        PolicyModel model, LoraWeights? lora, IReadOnlyList<ITrainingExample> examples, TrainingOptions options,
        CancellationToken cancellation, RecordLog? log = null)
    {
        var passes = ExampleBatches.SplitByTokens(examples, Enumerable.Range(0, examples.Count), options.MicroBatchTokens);
        var inOrder = Compute(model, lora, examples, passes, options.Loss.LdAlpha, cancellation, log);
        var result = None(examples.Count);
        foreach (var (position, i) in passes.SelectMany(pass => pass).Index())
        {
            (result.First[i], result.Second[i]) = (inOrder.First[position], inOrder.Second[position]);
        }
        return result;
    }

    /// <summary>Of some examples, in the order of the passes.</summary>
    /// <param name="passes">Which examples go through the model together, by their indexes.</param>
    /// <param name="ldAlpha">See <see cref="LossOptions.LdAlpha"/>.</param>
    /// <exception cref="NonFiniteTrainingException">A log-prob is not finite.</exception>
    public static ReferenceLogProbs Compute(
        PolicyModel model, LoraWeights? lora, IReadOnlyList<ITrainingExample> examples, IReadOnlyList<int[]> passes, float ldAlpha,
        CancellationToken cancellation, RecordLog? log = null)
    {
        var result = None(passes.Sum(pass => pass.Length));
        var start = 0;
        foreach (var pass in passes)
        {
            cancellation.ThrowIfCancellationRequested();
            var sums = log?.Next() is { } done
                ? MemoryMarshal.Cast<byte, float>(done).ToArray()
                : Compute(model, lora, Array.ConvertAll(pass, i => examples[i]), ldAlpha, log);
            sums.AsSpan(0, pass.Length).CopyTo(result.First.AsSpan(start));
            sums.AsSpan(pass.Length).CopyTo(result.Second.AsSpan(start));
            start += pass.Length;
        }
        return result;
    }

    /// <summary>One pass: the sums of first completions and then of second ones.</summary>
    private static float[] Compute(PolicyModel model, LoraWeights? lora, ITrainingExample[] examples, float ldAlpha, RecordLog? log)
    {
        using var scope = NewDisposeScope();
        var packed = PackedExamples.Create(examples, model.Unlearned);
        var sums = Floats.Of(new ExampleRows(packed, ldAlpha, model.Device).Weighted(model.TokenLogProbs(packed.Batch, lora)));
        if (!Array.TrueForAll(sums, float.IsFinite))
        {
            throw NonFiniteTrainingException.Of("reference's log-prob", examples, "Look at these examples and at the reference.");
        }
        log?.Append(MemoryMarshal.AsBytes(sums.AsSpan()));
        return sums;
    }

    /// <summary>The figures of some examples, in this order.</summary>
    public ReferenceLogProbs Pick(int[] indexes) =>
        new(Array.ConvertAll(indexes, i => First[i]), Array.ConvertAll(indexes, i => Second[i]));
}

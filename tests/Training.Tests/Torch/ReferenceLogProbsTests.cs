using System.Collections;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Training.Torch;
using IterativeDpo.Training.Torch.Cpu;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Tests.Torch;

/// <summary>The reference's log-probs are computed once for everything that they depend on, and never taken for others.</summary>
public sealed class ReferenceLogProbsTests : IDisposable
{
    private readonly TinyRun _run = new();

    public void Dispose() => _run.Dispose();

    [Theory]
    [InlineData("seed")]
    [InlineData("learning rate")]
    [InlineData("beta")]
    [InlineData("optimizer")]
    [InlineData("validation share")]
    [InlineData("threads")]
    public void Train_what_the_reference_does_not_depend_on_leaves_it_as_it_is(string change)
    {
        var request = _run.Request("a", Tiny.Options);
        TinyRun.Train(request);
        var before = Assert.Single(References(request));
        var written = File.GetLastWriteTimeUtc(before);

        TinyRun.Train(Changed(request, change));

        Assert.Equal([before], References(request));
        Assert.Equal(written, File.GetLastWriteTimeUtc(before));
    }

    [Theory]
    [InlineData("base")]
    [InlineData("adapter")]
    [InlineData("prompt ids")]
    [InlineData("completion ids")]
    [InlineData("order")]
    [InlineData("max length")]
    [InlineData("ld alpha")]
    [InlineData("compute type")]
    [InlineData("micro-batch tokens")]
    public void Train_everything_the_reference_depends_on_makes_another_one(string change)
    {
        var request = _run.Request("a", Tiny.Options);
        TinyRun.Train(request);
        var before = References(request);

        TinyRun.Train(Changed(request, change));

        Assert.Equal(before.Length + 1, References(request).Length);
    }

    [Fact]
    public void Train_reference_names_the_library_and_the_loops_that_computed_it()
    {
        var request = _run.Request("a", Tiny.Options);

        TinyRun.Train(request);

        var file = File.ReadAllText(Assert.Single(References(request)));
        Assert.Contains("device LibTorch 2.", file, StringComparison.Ordinal);
        // On a processor without 256-bit vectors LibTorch's operations compute it, to other bits.
        Assert.Equal(CpuMemory.Holds(CPU), file.Contains(", CPU, own loops", StringComparison.Ordinal));
    }

    [Fact]
    public void Train_file_renamed_from_another_reference_is_refused()
    {
        var request = _run.Request("a", Tiny.Options);
        TinyRun.Train(request);
        var mine = References(request).Single();
        TinyRun.Train(Changed(request, "completion ids"));
        File.Move(References(request).Single(path => path != mine), mine, overwrite: true);
        File.Delete(request.OutputPath);

        var e = Assert.Throws<UserInputException>(() => TinyRun.Train(request with { Seed = 9 }));

        Assert.Contains(mine, e.Message);
        Assert.False(File.Exists(request.OutputPath));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4)]
    public void ReadOrCompute_killed_goes_on_with_the_pass_it_was_at_to_the_same_bits(int passesDone)
    {
        using var file = GgufFile.Open(_run.Base);
        using var model = PolicyModel.Load(file, ComputeType.Float32, trainable: false, CPU);
        var pairs = TinyModel.Pairs(12);
        var passes = ExampleBatches.SplitByTokens(pairs, Enumerable.Range(0, pairs.Length), 32);
        ReferenceLogProbs Compute(string name, MortalList examples) => ReferenceLogProbs.ReadOrCompute(
            Path.Combine(_run.Folder, name),
            "key",
            pairs.Length,
            log => ReferenceLogProbs.Compute(model, null, examples, passes, 1, default, log));
        var whole = Compute("whole.bin", new(pairs));

        var life = passes.Take(passesDone).Sum(pass => pass.Length);
        Assert.Throws<InvalidOperationException>(() => Compute("parts.bin", new(pairs, life)));
        var rest = new MortalList(pairs);
        var parts = Compute("parts.bin", rest);

        Assert.Equal(whole.First, parts.First);
        Assert.Equal(whole.Second, parts.Second);
        Assert.Equal(pairs.Length - life, rest.Reads);
        Assert.Equal(["base.gguf", "parts.bin", "whole.bin"], Directory.GetFiles(_run.Folder).Select(Path.GetFileName).Order());
    }

    /// <summary>Examples of which so many can be read.</summary>
    private sealed class MortalList(IReadOnlyList<ITrainingExample> examples, int life = int.MaxValue) : IReadOnlyList<ITrainingExample>
    {
        public int Reads { get; private set; }

        public int Count => examples.Count;

        public ITrainingExample this[int index] => ++Reads <= life ? examples[index] : throw new InvalidOperationException("killed");

        public IEnumerator<ITrainingExample> GetEnumerator() => examples.GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }

    private static string[] References(TrainingRequest request) => Directory.GetFiles(request.WorkDirectory, "reference-*.bin");

    private TrainingRequest Changed(TrainingRequest request, string change)
    {
        var (options, pairs) = (request.Options, request.Examples.Cast<PreferencePair>().ToArray());
        switch (change)
        {
            case "base":
                var other = Path.Combine(_run.Folder, "other.gguf");
                TinyModel.Write(other, TinyRun.Config, seed: 2);
                return request with { BaseModelPath = other };
            case "adapter": return request with { ReferenceAdapterPath = request.OutputPath, OutputPath = _run.Output("second") };
            case "prompt ids": return request with { Examples = [pairs[0] with { PromptIds = [.. pairs[0].PromptIds, 5] }, .. pairs[1..]] };
            case "completion ids":
                return request with { Examples = [pairs[0] with { RejectedIds = [.. pairs[0].RejectedIds, 5] }, .. pairs[1..]] };
            case "order": return request with { Examples = [.. pairs.Reverse()] };
            case "seed": return request with { Seed = 8 };
        }
        return request with
        {
            Options = change switch
            {
                "max length" => options with { MaxLength = 63 },
                "ld alpha" => options with { Loss = options.Loss with { LdAlpha = 0.5f } },
                "compute type" => options with { ComputeType = ComputeType.BFloat16 },
                "micro-batch tokens" => options with { MicroBatchTokens = 65 },
                "threads" => options with { Threads = 2 },
                "validation share" => options with { ValidationShare = 0.2f },
                "learning rate" => options with { LearningRate = 2e-2f },
                "beta" => options with { Loss = options.Loss with { Beta = 0.2f } },
                "optimizer" => options with { Optimizer = OptimizerKind.Lion },
                _ => throw new ArgumentException(change),
            },
        };
    }
}

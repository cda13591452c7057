using IterativeDpo.Artifacts.Models;
using IterativeDpo.Generation;
using IterativeDpo.Training;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>A batch to be timed: prompts of one length, completions of half of <paramref name="Completion"/> to all of it.</summary>
/// <param name="Pairs">Pairs in a step.</param>
public sealed record TrainerShape(int Prompt, int Completion, int Pairs, int Vocabulary)
{
    /// <summary>The shapes that are measured where none is asked for.</summary>
    public static readonly IReadOnlyList<TrainerShape> Standard = [new(48, 48, 16, 512), new(192, 64, 8, 512), new(48, 48, 8, 32_000)];

    /// <summary>For people: prompt/completion, pairs, vocabulary.</summary>
    public string Name => $"{Prompt}/{Completion} x {Pairs}, vocabulary {Vocabulary}";

    /// <summary>The peer script's model.</summary>
    public ModelConfig Model => new(
        ModelArchitecture.Named("llama"), Layers: 6, Dim: 256, Heads: 8, KvHeads: 4, HeadDim: 32, FeedForwardDim: 704, RmsEps: 1e-5f,
        RopeBase: 10_000, RopeDim: 32, ContextLength: 4096, VocabSize: Vocabulary, TiedEmbeddings: false);

    /// <summary>The batch: lengths drawn as the peer script draws its own.</summary>
    public IReadOnlyList<PreferencePair> CreatePairs()
    {
        ulong state = 0;
        int Draw(int below)
        {
            state = SampleSeed.Mix(state);
            return (int)(state % (ulong)below);
        }
        int[] Ids(int count) => [.. Enumerable.Range(0, count).Select(_ => Draw(Vocabulary))];
        int Length() => Completion / 2 + Draw(Completion - Completion / 2 + 1);
        return [.. Enumerable.Range(0, Pairs).Select(i => new PreferencePair($"prompt-{i}", Ids(Prompt), Ids(Length()), Ids(Length())))];
    }
}

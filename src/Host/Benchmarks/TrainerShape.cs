using System.Text.Json.Serialization;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Generation;
using IterativeDpo.Training;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>A batch to be timed: prompts of one length, completions of half of <paramref name="Completion"/> to all of it.</summary>
/// <param name="Name">For the command line and the table.</param>
/// <param name="Pairs">Pairs in a step.</param>
/// <param name="PairsPerPrompt">1, or a square: as many right completions as wrong ones, and every pair of them.</param>
/// <param name="Checkpointing">Whether our side recomputes blocks on the way back; the peers cannot.</param>
/// <param name="Steps">Steps measured, after <see cref="Warmup"/> that are not.</param>
/// <param name="TrialPairs">At most so many are taken to find each side's best setting.</param>
/// <param name="Turns">How often every side is measured: machines change speed from minute to minute, and the median turn counts.</param>
/// <param name="Family">llama, which every peer computes, or qwen3 or gemma3, which eager LibTorch alone does beside us.</param>
/// <param name="Base">How the frozen matrices are kept, under an adapter: F32 stands for the compute type, Q8_0 and Q4_K as they
/// are.</param>
/// <param name="Experts">Experts of each block; 0: a dense model.</param>
/// <param name="Used">Those that a token goes to, each half as wide as the dense model's feed-forward.</param>
public sealed record TrainerShape(
    string Name,
    int Prompt,
    int Completion,
    int Pairs,
    int Vocabulary = 512,
    int PairsPerPrompt = 1,
    bool Checkpointing = false,
    int Steps = 9,
    int TrialPairs = 16,
    int Turns = 3, int Layers = 6, int Dim = 256, TensorType Base = TensorType.F32,
    string Family = TrainerShape.PeersFamily, int Experts = 0, int Used = 0)
{
    /// <summary>The family of the peer script.</summary>
    public const string PeersFamily = "llama";

    public static readonly IReadOnlyList<TrainerShape> All =
    [
        new("48/48", 48, 48, Pairs: 16),
        new("qwen3", 48, 48, Pairs: 16, Family: "qwen3"),
        new("gemma3", 48, 48, Pairs: 16, Family: "gemma3"),
        new("192/64", 192, 64, Pairs: 8),
        new("vocabulary", 48, 48, Pairs: 8, Vocabulary: 32_000),
        new("shared", 48, 48, Pairs: 16, PairsPerPrompt: 4),
        // The peer needs 1.8 GiB a pair, so 16 do not fit in 24 GiB beside anything else. Our memory does not depend on the number.
        new("long", 1024, 256, Pairs: 10, Checkpointing: true, Steps: 1, TrialPairs: 2, Turns: 1),
    ];

    /// <summary>
    /// The peer script's model, of other layers and width where that is asked for; or as large a one of another family, with what small
    /// models of it have: heads twice as wide, tied embeddings, and gemma3 windows in five of six blocks, which rows here are longer than.
    /// </summary>
    [JsonIgnore]
    public ModelConfig Model
    {
        get
        {
            var (peers, head) = (Family == PeersFamily, Family == PeersFamily ? Dim / 8 : Dim / 4);
            return new(
                ModelArchitecture.Named(Family), Layers, Dim, Heads: 8, KvHeads: 4, head, FeedForwardDim: Dim * 11 / 4, RmsEps: 1e-5f,
                RopeBase: peers ? 10_000 : 1_000_000, RopeDim: head, ContextLength: 4096, VocabSize: Vocabulary, TiedEmbeddings: !peers)
            {
                Sliding = Family == "gemma3" ? new(Tokens: 64, Every: 6, RopeBase: 10_000) : null,
                Experts = Experts == 0 ? null : new(Experts, Used, Dim * 11 / 8),
            };
        }
    }

    /// <summary>
    /// What a side's settings are compared on. Several steps: the first ones are slow, and a wrong choice would flatter the other side.
    /// </summary>
    [JsonIgnore]
    public TrainerShape Trial => this with { Steps = Math.Min(Steps, 5), Pairs = Math.Min(Pairs, TrialPairs) };

    /// <summary>Steps before those that are measured.</summary>
    [JsonIgnore]
    public int Warmup => Math.Min(2, Steps);

    /// <summary>The batch of a step: lengths drawn as the peer script draws those of its only one.</summary>
    public PreferencePair[] CreatePairs(int step)
    {
        var state = (ulong)step << 32;
        int Draw(int below)
        {
            state = SampleSeed.Mix(state);
            return (int)(state % (ulong)below);
        }
        int[] Ids(int count) => [.. Enumerable.Range(0, count).Select(_ => Draw(Vocabulary))];
        int[][] Completions(int count) =>
            [.. Enumerable.Range(0, count).Select(_ => Ids(Completion / 2 + Draw(Completion - Completion / 2 + 1)))];
        IEnumerable<PreferencePair> PairsOf(int prompt)
        {
            var ids = Ids(Prompt);
            var side = (int)Math.Sqrt(PairsPerPrompt);
            var (right, wrong) = (Completions(side), Completions(side));
            return right.SelectMany(chosen => wrong.Select(rejected => new PreferencePair($"prompt-{prompt}", ids, chosen, rejected)));
        }
        return [.. Enumerable.Range(0, Pairs / PairsPerPrompt).SelectMany(PairsOf)];
    }
}

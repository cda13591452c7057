namespace IterativeDpo.Artifacts.Models;

/// <summary>Which elements of a head rotate together: (2i, 2i+1), or (i, i + ropeDim/2).</summary>
public enum RopeKind { Interleaved, HalfSplit }

/// <summary>Which maps of a block have biases.</summary>
[Flags]
public enum MapBiases { None = 0, Qkv = 1, AttentionOutput = 2, FeedForward = 4, All = 7 }

/// <summary>What queries and keys are normalised over (RMS) before they rotate: not at all, each head by itself, or all heads together.</summary>
public enum QkNorm { None, Head, AllHeads }

/// <summary>What sets one architecture apart from the others; everything else about them is the same.</summary>
/// <param name="Name">The value of <c>general.architecture</c>, and the prefix of its keys.</param>
public sealed record ModelArchitecture(string Name, RopeKind Rope)
{
    /// <summary>Every architecture this program generates with and trains.</summary>
    public static readonly IReadOnlyList<ModelArchitecture> All =
    [
        new("llama", RopeKind.Interleaved) { OptionalBiases = MapBiases.All, FreeHeadDim = true, HasDivisors = true },
        new("qwen2", RopeKind.HalfSplit) { Biases = MapBiases.Qkv },
        new("qwen3", RopeKind.HalfSplit) { QkNorm = QkNorm.Head, FreeHeadDim = true },
    ];

    /// <summary>The biases that every model has.</summary>
    public MapBiases Biases { get; init; }

    /// <summary>The biases that a model may have, in every block or in none.</summary>
    public MapBiases OptionalBiases { get; init; }

    public QkNorm QkNorm { get; init; }

    /// <summary>Whether heads × headDim may differ from dim; llama.cpp loads the others only where they agree.</summary>
    public bool FreeHeadDim { get; init; }

    /// <summary>Whether a file may have <see cref="ModelConfig.RopeDivisors"/>.</summary>
    public bool HasDivisors { get; init; }

    /// <summary>The architecture of that name.</summary>
    public static ModelArchitecture Named(string name) => All.First(a => a.Name == name);
}

namespace IterativeDpo.Artifacts.Models;

/// <summary>Which elements of a head rotate together: (2i, 2i+1), or (i, i + ropeDim/2).</summary>
public enum RopeKind { Interleaved, HalfSplit }

/// <summary>What sets one architecture apart from the others; everything else about them is the same.</summary>
/// <param name="Name">The value of <c>general.architecture</c>, and the prefix of its keys.</param>
/// <param name="QkvBiases">Whether the q, k and v maps have biases.</param>
/// <param name="FreeHeadDim">Whether heads × headDim may differ from dim; llama.cpp loads the others only where they agree.</param>
public sealed record ModelArchitecture(string Name, RopeKind Rope, bool QkvBiases, bool FreeHeadDim)
{
    /// <summary>Every architecture this program generates with and trains.</summary>
    public static readonly IReadOnlyList<ModelArchitecture> All =
    [
        new("llama", RopeKind.Interleaved, QkvBiases: false, FreeHeadDim: true),
        new("qwen2", RopeKind.HalfSplit, QkvBiases: true, FreeHeadDim: false),
    ];

    /// <summary>The architecture of that name.</summary>
    public static ModelArchitecture Named(string name) => All.First(a => a.Name == name);
}

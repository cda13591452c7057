using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Training.Torch;

/// <summary>How a block's experts are fused: each is two weights of its own, gate and up as one, and down.</summary>
internal static class ExpertLayout
{
    public const string Router = ExpertShape.Router;
    public const string SharedGate = ExpertShape.SharedGate;
    public const string SharedGateUp = "ffn_gate_up_shexp";
    public const string SharedDown = "ffn_down_shexp";

    public static string GateUp(int expert) => $"ffn_gate_up_exps.{expert}";

    public static string Down(int expert) => $"ffn_down_exps.{expert}";

    public static IEnumerable<FusedWeight> Of(ExpertShape experts, ModelArchitecture family, int dim, int layer)
    {
        FusedWeight Fuse(string name, int columns, params WeightPart[] parts) =>
            new(WeightLayout.Name(layer, name), columns, [.. parts.Select(part => part with
            {
                Name = WeightLayout.Name(layer, part.Name) + ".weight",
            })]);
        yield return Fuse(Router, dim, new WeightPart(Router, experts.Count)) with { IsExact = true };
        for (var i = 0; i < experts.Count; i++)
        {
            WeightPart Matrix(string name, int rows) => new(name, rows, Expert: i, Experts: experts.Count);
            var inside = experts.FeedForwardDim;
            yield return Fuse(GateUp(i), dim, Matrix("ffn_gate_exps", inside), Matrix("ffn_up_exps", inside));
            yield return Fuse(Down(i), inside, Matrix("ffn_down_exps", dim));
        }
        if (experts.SharedDim == 0)
        {
            yield break;
        }
        if (family.Experts!.Shared == SharedExpert.Gated)
        {
            yield return Fuse(SharedGate, dim, new WeightPart(SharedGate, 1)) with { IsExact = true };
        }
        yield return Fuse(SharedGateUp, dim, new("ffn_gate_shexp", experts.SharedDim), new("ffn_up_shexp", experts.SharedDim));
        yield return Fuse(SharedDown, experts.SharedDim, new WeightPart(SharedDown, dim));
    }
}

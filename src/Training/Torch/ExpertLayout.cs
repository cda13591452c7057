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

    public static IEnumerable<FusedWeight> Of(ExpertShape experts, ModelConfig config, int layer)
    {
        var (dim, inside, shared) = (config.Dim, experts.FeedForwardDim, experts.SharedDim);
        FusedWeight Fuse(string name, int? columns, string kind, WeightPart[] parts) =>
            new(WeightLayout.Name(layer, name), columns, [.. parts.Select(part => part with
            {
                Name = $"{WeightLayout.Name(layer, part.Name)}.{kind}",
            })]);
        FusedWeight[] Map(string name, int columns, bool isExact, params WeightPart[] parts)
        {
            var weight = Fuse(name, columns, "weight", parts) with { IsExact = isExact };
            return config.Biases.HasFlag(MapBiases.FeedForward) ? [weight, Fuse(WeightLayout.Bias(name), null, "bias", parts)] : [weight];
        }
        WeightPart Matrix(string name, int rows, int expert) => new(name, rows, Expert: expert, Experts: experts.Count);
        return
        [
            .. Map(Router, dim, isExact: true, new WeightPart(Router, experts.Count)),
            .. Enumerable.Range(0, experts.Count).SelectMany(i => (FusedWeight[])
            [
                .. Map(GateUp(i), dim, isExact: false, Matrix("ffn_gate_exps", inside, i), Matrix("ffn_up_exps", inside, i)),
                .. Map(Down(i), inside, isExact: false, Matrix("ffn_down_exps", dim, i)),
            ]),
            .. config.Architecture.Experts!.Shared == SharedExpert.Gated
                ? [Fuse(SharedGate, dim, "weight", [new(SharedGate, 1)]) with { IsExact = true }]
                : Array.Empty<FusedWeight>(),
            .. shared == 0 ? [] : Map(SharedGateUp, dim, isExact: false, new("ffn_gate_shexp", shared), new("ffn_up_shexp", shared)),
            .. shared == 0 ? [] : Map(SharedDown, shared, isExact: false, new WeightPart(SharedDown, dim)),
        ];
    }
}

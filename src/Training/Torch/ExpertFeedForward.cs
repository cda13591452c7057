using IterativeDpo.Artifacts.Models;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <param name="Experts">Of each expert what it wants; null where no row chose it.</param>
/// <param name="Outputs">What they gave, in the groups' order, [m, dim].</param>
/// <param name="Shared">What the shared expert wants, or null.</param>
internal sealed record ExpertTrace(
    Routing Routing, ExpertGroups Groups, IReadOnlyList<InsideTrace?> Experts, Tensor Outputs, SharedTrace? Shared) : InsideTrace
{
    public override IEnumerable<Tensor> Tensors =>
    [
        .. Routing.Tensors,
        .. Groups.Tensors,
        .. Experts.OfType<InsideTrace>().SelectMany(trace => trace.Tensors),
        Outputs,
        .. Shared?.Tensors ?? [],
    ];
}

/// <summary>
/// Each row through the k experts that its router chose, and what these give added up with the router's weights. The rows are put in the
/// order of their experts, so that each expert computes one run of them, and none that nobody chose; sums over a row's experts are in the
/// router's order. So results are the same bits every time.
/// </summary>
internal sealed class ExpertFeedForward(
    ExpertRouter router, IReadOnlyList<GatedFeedForward> experts, SharedFeedForward? shared, ScalarType type) : IFeedForward
{
    /// <param name="map">Gives a block's fused map by its name, with its bias where it has one.</param>
    /// <param name="load">See <see cref="ExpertRouter"/>.</param>
    public static ExpertFeedForward Of(
        ModelConfig config, int layer, Func<string, LinearMap> map, GatedUnit unit, RouterLoad? load, ScalarType type)
    {
        var (shape, rule) = (config.Experts!, config.Architecture.Experts!);
        GatedFeedForward Unit(string gateUp, string down) => new(map(gateUp), unit, map(down));
        var gate = rule.Shared == SharedExpert.Gated ? map(ExpertLayout.SharedGate) : null;
        return new(
            new(map(ExpertLayout.Router), shape.Used, rule.Normalised, load, layer),
            [.. Enumerable.Range(0, shape.Count).Select(i => Unit(ExpertLayout.GateUp(i), ExpertLayout.Down(i)))],
            shape.SharedDim == 0 ? null : new(Unit(ExpertLayout.SharedGateUp, ExpertLayout.SharedDown), gate),
            type);
    }

    public (Tensor Output, InsideTrace Trace) Forward(Tensor rows)
    {
        using var scope = NewDisposeScope();
        var routing = router.Forward(rows);
        var groups = ExpertGroups.Of(routing.Chosen, experts.Count);
        var sorted = rows.index_select(0, groups.Rows); // [m, dim]
        var traces = new InsideTrace?[experts.Count];
        var parts = Runs(groups).Select(run =>
        {
            (var part, traces[run.Expert]) = experts[run.Expert].Forward(sorted.narrow(0, run.Start, run.Count));
            return part;
        });
        var outputs = cat([.. parts], 0);
        var result = (ByRow(outputs, groups, routing).to(ScalarType.Float32) * routing.Weights.unsqueeze(2)).sum(1);
        SharedTrace? ofShared = null;
        if (shared is not null)
        {
            (var more, ofShared) = shared.Forward(rows);
            result.add_(more);
        }
        var (output, trace) = (result.to(type), new ExpertTrace(routing, groups, traces, outputs, ofShared));
        scope.MoveToOuter([output, .. trace.Tensors]);
        return (output, trace);
    }

    public Tensor Backward(InsideTrace trace, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        var (routing, groups, traces, outputs, ofShared) = (ExpertTrace)trace;
        var slopes = gradient.index_select(0, groups.Rows); // [m, dim]
        var ofWeights = (slopes * outputs).sum([1L], type: ScalarType.Float32).index_select(0, groups.Places);
        slopes.mul_((routing.Weights.flatten().index_select(0, groups.Choices) * groups.Counted).unsqueeze(1));
        var parts = Runs(groups).Select(run =>
            experts[run.Expert].Backward(traces[run.Expert]!, slopes.narrow(0, run.Start, run.Count)));
        var result = ByRow(cat([.. parts], 0), groups, routing).sum([1L], type: ScalarType.Float32);
        result.add_(router.Backward(routing, ofWeights.view(routing.Weights.shape)));
        if (shared is not null)
        {
            result.add_(shared.Backward(ofShared!, gradient));
        }
        return result.to(type).MoveToOuterDisposeScope();
    }

    /// <summary>[n, k, dim].</summary>
    private static Tensor ByRow(Tensor sorted, ExpertGroups groups, Routing routing) =>
        sorted.index_select(0, groups.Places).view(routing.Chosen.size(0), routing.Chosen.size(1), -1);

    private static IEnumerable<(int Expert, int Start, int Count)> Runs(ExpertGroups groups)
    {
        var start = 0;
        for (var expert = 0; expert < groups.Counts.Length; expert++)
        {
            if (groups.Counts[expert] > 0)
            {
                yield return (expert, start, groups.Counts[expert]);
            }
            start += groups.Counts[expert];
        }
    }
}

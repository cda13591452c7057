using static TorchSharp.torch;

namespace IterativeDpo.Training.Torch;

/// <summary>Which experts each row goes to.</summary>
/// <param name="Input">What <see cref="LinearMap.Backward"/> wants of the router, float32.</param>
/// <param name="Probabilities">Softmax over all experts, float32 [n, E].</param>
/// <param name="Chosen">[n, k].</param>
/// <param name="Weights">Of the chosen, float32 [n, k].</param>
internal sealed record Routing(Tensor Input, Tensor Probabilities, Tensor Chosen, Tensor Weights)
{
    public IEnumerable<Tensor> Tensors => [Input, Probabilities, Chosen, Weights];
}

/// <summary>
/// The softmax over a router's logits, in float32, and its k most likely experts. That choice has no gradient; the weights have.
/// </summary>
/// <param name="normalised">Whether the weights of a row are divided by their sum.</param>
/// <param name="load">Sees every routing, and has the gradient of the auxiliary loss; null: nobody asks.</param>
internal sealed class ExpertRouter(LinearMap map, int used, bool normalised, RouterLoad? load, int layer)
{
    /// <param name="rows">[n, dim].</param>
    public Routing Forward(Tensor rows)
    {
        using var scope = NewDisposeScope();
        var (logits, input) = map.Forward(rows.to(ScalarType.Float32));
        var probabilities = logits.softmax(1);
        var (weights, chosen) = probabilities.topk(used, 1);
        var routing = new Routing(input, probabilities, chosen, normalised ? weights / weights.sum(1, keepdim: true) : weights);
        load?.Record(layer, routing);
        scope.MoveToOuter(routing.Tensors.ToArray());
        return routing;
    }

    /// <summary>Adds the gradients of the router; gives d loss / d rows, float32 [n, dim].</summary>
    /// <param name="gradient">d loss / d weights, [n, k].</param>
    public Tensor Backward(Routing routing, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        var (input, p, chosen, weights) = routing;
        var ofChosen = gradient;
        if (normalised)
        {
            // w = p / Σ p, so d/dp = (g − Σ w g) / Σ p.
            var sum = p.gather(1, chosen).sum(1, keepdim: true);
            ofChosen = (gradient - (gradient * weights).sum(1, keepdim: true)) / sum;
        }
        var slopes = zeros_like(p).scatter_(1, chosen, ofChosen); // d loss / dp
        load?.AddSlopes(layer, slopes);
        return map.Backward(input, p * (slopes - (slopes * p).sum(1, keepdim: true)))!.MoveToOuterDisposeScope();
    }
}

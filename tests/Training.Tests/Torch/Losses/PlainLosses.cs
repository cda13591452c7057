namespace IterativeDpo.Training.Tests.Torch.Losses;

/// <summary>The losses once more, as the papers write them: float64, a pair at a time, without any care for overflow.</summary>
internal static class PlainLosses
{
    /// <summary>Σ weight · mean(loss · WPO's weight) + the constraints' penalties.</summary>
    public static double Objective(LossOptions options, PlainBatch x, double shift = 0)
    {
        var seen = options.ReferenceFree ? x with { WRef = new double[x.Count], LRef = new double[x.Count] } : x;
        var total = options.Losses.Sum(loss =>
            loss.Weight * Of(loss.Name, options, seen, shift).Zip(x.Weights, (value, weight) => value * weight).Average());
        return total
            + (options.Constraints ?? []).Sum(c =>
                Enumerable.Range(0, x.Count).Average(i => c.Weight * Math.Max(0, Score(c.Score, x, i) - c.Limit)));
    }

    /// <summary>Each example's loss.</summary>
    public static double[] Of(string name, LossOptions o, PlainBatch x, double shift = 0)
    {
        if (name is "aot" or "aot_unpaired")
        {
            return Transport(name, o, x);
        }
        return [.. Enumerable.Range(0, x.Count).Select(i => Single(name, o, x, i, shift))];
    }

    public static double LogLoss(double x) => x > 0 ? Math.Log(1 + Math.Exp(-x)) : Math.Log(1 + Math.Exp(x)) - x;

    private static double Sigma(double x) => 1 / (1 + Math.Exp(-x));

    private static double Square(double x) => x * x;

    private static double Score(LossOptions o, double r) => o.FDivergence switch
    {
        FDivergence.ForwardKl => -Math.Exp(-r),
        FDivergence.JsDivergence => -LogLoss(r),
        FDivergence.AlphaDivergence when o.AlphaDivergenceCoefficient != 1 =>
            Math.Exp(((double)o.AlphaDivergenceCoefficient - 1) * r) / ((double)o.AlphaDivergenceCoefficient - 1),
        _ => r,
    };

    private static double Single(string name, LossOptions o, PlainBatch x, int i, double shift)
    {
        double beta = o.Beta, e = o.LabelSmoothing;
        double rw = x.W[i] - x.WRef[i], rl = x.L[i] - x.LRef[i], nw = Math.Max(1, x.Nw[i]), nl = Math.Max(1, x.Nl[i]);
        double sw = Score(o, rw), sl = Score(o, rl), z = beta * (sw - sl), meanW = x.W[i] / nw, meanL = x.L[i] / nl;
        var nll = -x.Sums[i] * x.Count / Math.Max(1, x.Nw.Sum());
        var gamma = o.GammaBetaRatio is { } ratio ? ratio * beta : (double)o.SimpoGamma;
        var p = o.ProbabilisticLabels ? x.Labels[i] : 1 - e;
        double Smoothed(double margin) => p * LogLoss(margin) + (1 - p) * LogLoss(-margin);
        var floor = o.ProbabilisticLabels ? Math.Clamp(p, 0.001, 0.999) : e == 0 ? 0.999 : 1 - e;
        var target = (x.Labels[i] - 0.5) / beta;
        double Alpha(double mean) => o.AlphapoAlpha == 0 ? mean : (1 - Math.Exp(-(double)o.AlphapoAlpha * mean)) / o.AlphapoAlpha;
        var odds = Math.Log(Math.Exp(meanW) / (1 - Math.Exp(meanW)) / (Math.Exp(meanL) / (1 - Math.Exp(meanL))));
        var desirable = x.Labels[i] == 1;
        return name switch
        {
            "sigmoid" => Smoothed(z),
            "robust" => ((1 - e) * LogLoss(z) - e * LogLoss(-z)) / (1 - 2 * e),
            "sigmoid_geometric" => LogLoss((2 * x.Labels[i] - 1) * z),
            "sigmoid_length" => LogLoss(z + o.LengthAlpha * (x.Nw[i] - x.Nl[i])),
            // Probabilities of a pair that is won and of one that is tied, as the paper has them.
            "dpo_rk" => -Math.Log(x.Labels[i] == 0.5
                ? (Square(o.RaoKupperNu) - 1) * Math.Exp(z) / ((1 + o.RaoKupperNu * Math.Exp(z)) * (Math.Exp(z) + o.RaoKupperNu))
                : Math.Exp(z) / (Math.Exp(z) + o.RaoKupperNu)),
            "dpo_d" => -Math.Log(
                (x.Labels[i] == 0.5 ? 2 * o.DavidsonNu * Math.Exp(z / 2) : Math.Exp(z))
                    / (Math.Exp(z) + 1 + 2 * o.DavidsonNu * Math.Exp(z / 2))),
            "hinge" => Math.Max(0, 1 - z),
            "exo_pair" => Sigma(z) * (Math.Log(Sigma(z)) - Math.Log(floor)) + Sigma(-z) * (Math.Log(Sigma(-z)) - Math.Log(1 - floor)),
            "discopop" => (1 - Sigma(z / o.DiscopopTau)) * LogLoss(z) + Sigma(z / o.DiscopopTau) * Math.Exp(-z),
            "sigmoid_norm" => LogLoss(beta * (sw / nw - sl / nl)),
            "ipo" => o.IpoOnSums ? Square(sw - sl - 1 / (2 * beta)) : Square(sw / nw - sl / nl - 1 / (2 * beta)),
            "sppo_hard" => Square(sw - 1 / (2 * beta)) + Square(sl + 1 / (2 * beta)),
            "sppo" => (Square(rw - target) + Square(rl + target)) / 2,
            "nca_pair" => LogLoss(beta * sw) + LogLoss(-beta * sw) / 2 + LogLoss(-beta * sl) / 2,
            "bco_pair" => LogLoss(beta * sw - shift) + LogLoss(shift - beta * sl),
            "apo_zero" => 1 - Sigma(beta * rw) + Sigma(beta * rl),
            "apo_down" => Sigma(beta * rw) + 1 - Sigma(z),
            "sft" => nll,
            "simpo" => Smoothed(beta * (meanW - meanL) - gamma),
            "simpo_hinge" => Math.Max(0, 1 - (beta * (meanW - meanL) - gamma)),
            "alphapo" => Smoothed(beta * (Alpha(meanW) - Alpha(meanL)) - gamma),
            "cpo" => Smoothed(beta * (x.W[i] - x.L[i])) + o.CpoAlpha * nll,
            "cpo_hinge" => Math.Max(0, 1 - beta * (x.W[i] - x.L[i])) + o.CpoAlpha * nll,
            "cpo_ipo" => Square(meanW - meanL - 1 / (2 * beta)) + o.CpoAlpha * nll,
            "orpo" => nll + beta * LogLoss(odds),
            "kto" => desirable ? o.DesirableWeight * (1 - Sigma(beta * (rw - x.K))) : o.UndesirableWeight * (1 - Sigma(beta * (x.K - rw))),
            "apo_zero_unpaired" => desirable ? o.DesirableWeight * (1 - Sigma(beta * rw)) : o.UndesirableWeight * Sigma(beta * rw),
            _ => throw new ArgumentException($"no plain form of {name}"),
        };
    }

    /// <summary>Told by the pair of the policy's margin, or of the chosen completion.</summary>
    private static double[] Transport(string name, LossOptions o, PlainBatch x)
    {
        var above = name == "aot" ? x.W.Zip(x.L, (w, l) => w - l).ToArray() : [.. x.W.Zip(x.WRef, (w, r) => w - r)];
        var below = name == "aot" ? x.WRef.Zip(x.LRef, (w, l) => w - l) : x.L.Zip(x.LRef, (l, r) => l - r);
        var sorted = below.Order().ToArray();
        var order = Enumerable.Range(0, x.Count).OrderBy(i => above[i]).ToArray();
        var losses = new double[x.Count];
        for (var rank = 0; rank < x.Count; rank++)
        {
            var z = o.Beta * (above[order[rank]] - sorted[rank]);
            losses[order[rank]] = (1 - (double)o.LabelSmoothing) * LogLoss(z) + o.LabelSmoothing * LogLoss(-z);
        }
        return losses;
    }

    private static double Score(string name, PlainBatch x, int i)
    {
        double rw = x.W[i] - x.WRef[i], rl = x.L[i] - x.LRef[i], nw = Math.Max(1, x.Nw[i]), nl = Math.Max(1, x.Nl[i]);
        return name switch
        {
            "chosen-drop" => -rw,
            "rejected-drop" => -rl,
            "chosen-kl" => rw / nw,
            "rejected-kl" => rl / nl,
            "margin" => rw - rl,
            "nll" => -x.W[i] / nw,
            _ => throw new ArgumentException($"no plain form of {name}"),
        };
    }
}

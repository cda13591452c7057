using IterativeDpo.Actors.Configuration;
using IterativeDpo.Judging;
using IterativeDpo.Judging.Implicit;
using IterativeDpo.Judging.Verifier;
using IterativeDpo.Training.Torch;

namespace IterativeDpo.Host.Judges;

/// <summary>Makes the judges that a campaign names, with the real engines behind them.</summary>
internal sealed class JudgeFactory(CampaignOptions options)
{
    /// <exception cref="KeyNotFoundException">No judge has this name.</exception>
    public IJudge Create(string name) => options.Judging.Find(name) switch
    {
        VerifierOptions verifier => new VerifierJudge(verifier.Checks),
        ImplicitRewardOptions implicitReward => new ImplicitRewardJudge(implicitReward, new TorchSequenceScorer(options.ModelPath, options.Training)),
        var unknown => throw new InvalidOperationException($"{unknown} is a judge of no known type."),
    };
}

using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;

namespace IterativeDpo.Host.TrainingRuns;

/// <summary>The files of a training run, as full paths.</summary>
/// <param name="Data">Preference data, read one after the other.</param>
/// <param name="Earlier">Data of the rounds before, for <c>policy.data</c> accumulated and replay.</param>
/// <param name="Adapter">The adapter of the round before, or null: it was the base.</param>
/// <param name="Average">The moving average of the adapters before, for <c>policy.reference</c> ema; null begins one.</param>
/// <param name="SkipBadRows">Leave out rows that cannot be used, and list them; otherwise the first one is an error.</param>
internal sealed record TrainingInputs(
    string Model,
    IReadOnlyList<string> Data,
    IReadOnlyList<string> Earlier,
    string? Adapter,
    string? Average,
    bool SkipBadRows,
    string Output)
{
    /// <exception cref="UserInputException">A file without effect, or one that the settings need.</exception>
    public void Check(PolicyOptions policy, bool full)
    {
        if (Earlier.Count > 0 == (policy.Data == PairData.New))
        {
            throw new UserInputException(policy.Data == PairData.New
                ? "--earlier: policy.data is new, and earlier data would be without effect. Set --set policy.data=accumulated or replay, or leave it out."
                : $"policy.data is {policy.Data.ToString().ToLowerInvariant()}, and there is no data of earlier rounds. Name it with --earlier FILE, or set policy.data=new.");
        }
        if (Average is not null && policy.Reference != ReferenceOrigin.Ema)
        {
            throw new UserInputException(
                "--average: it is for policy.reference = ema, and would be without effect. Set that, or leave it out.");
        }
        if (Adapter is not null && Initial(policy) != Adapter && Reference(policy) != Adapter)
        {
            throw new UserInputException(
                "--adapter: with policy.initialisation = base and this policy.reference it would be without effect. Set one of them to previous, or leave it out.");
        }
        if (policy.Reference == ReferenceOrigin.Ema && full)
        {
            throw new UserInputException(
                "policy.reference is ema, the average of adapters, and --full trains no adapter. Set base, previous or none.");
        }
    }

    /// <summary>What the run starts from; null is a fresh adapter.</summary>
    public string? Initial(PolicyOptions policy) => policy.Initialisation == PolicyOrigin.Previous ? Adapter : null;

    /// <summary>The frozen reference; null is the base.</summary>
    public string? Reference(PolicyOptions policy) => policy.Reference switch
    {
        ReferenceOrigin.Previous => Adapter,
        ReferenceOrigin.Ema => Average,
        _ => null,
    };
}

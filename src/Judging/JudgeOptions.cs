using System.Text.Json.Serialization;
using IterativeDpo.Judging.Cascades;
using IterativeDpo.Judging.Ensembles;
using IterativeDpo.Judging.Implicit;
using IterativeDpo.Judging.Llm;
using IterativeDpo.Judging.Reward;
using IterativeDpo.Judging.Verifier;

namespace IterativeDpo.Judging;

/// <summary>A judge's settings, under the name that a campaign gives it.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(VerifierOptions), "verifier")]
[JsonDerivedType(typeof(LlmJudgeOptions), "llm")]
[JsonDerivedType(typeof(ImplicitRewardOptions), "implicit-reward")]
[JsonDerivedType(typeof(RewardModelOptions), "reward-model")]
[JsonDerivedType(typeof(EnsembleOptions), "ensemble")]
[JsonDerivedType(typeof(CascadeOptions), "cascade")]
public abstract record JudgeOptions(string Name)
{
    /// <summary>Files that verdicts depend on, by what is in them and not by where they lie.</summary>
    [JsonIgnore]
    public virtual IEnumerable<string> Files => [];

    /// <summary>Names of the judges that this one asks.</summary>
    [JsonIgnore]
    public virtual IReadOnlyList<string> Asks => [];

    /// <summary>With every setting that does not change verdicts (time-outs, budgets, places) set to a fixed value.</summary>
    public virtual JudgeOptions WithoutIncidentals() => this;
}

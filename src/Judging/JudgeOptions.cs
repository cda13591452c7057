using System.Text.Json.Serialization;
using IterativeDpo.Judging.Verifier;

namespace IterativeDpo.Judging;

/// <summary>A judge's settings, under the name that a campaign gives it.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(VerifierOptions), "verifier")]
public abstract record JudgeOptions(string Name)
{
    /// <summary>With every setting that does not change verdicts (time-outs, budgets, places) set to a fixed value.</summary>
    public virtual JudgeOptions WithoutIncidentals() => this;
}

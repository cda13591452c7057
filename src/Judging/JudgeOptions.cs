using System.Text.Json.Serialization;
using IterativeDpo.Artifacts.Settings;
using IterativeDpo.Judging.Cascades;
using IterativeDpo.Judging.Command;
using IterativeDpo.Judging.Data;
using IterativeDpo.Judging.Ensembles;
using IterativeDpo.Judging.Http;
using IterativeDpo.Judging.Implicit;
using IterativeDpo.Judging.Llm;
using IterativeDpo.Judging.People;
using IterativeDpo.Judging.Reward;
using IterativeDpo.Judging.Verifier;

namespace IterativeDpo.Judging;

/// <summary>Parts of a campaign, outside the judge's own settings, that its verdicts may depend on.</summary>
[Flags]
public enum CampaignParts
{
    None = 0,

    /// <summary>The base model.</summary>
    Model = 1,

    Seed = 2,

    /// <summary>The trainer's <c>compute-type</c>.</summary>
    ComputeType = 4,
}

/// <summary>
/// A type of judge: its settings, under the name that a campaign gives it, and how one is made by them. It is registered here and nowhere
/// else: what a campaign file can say of it, and its part of reference.conf, follow from its record.
/// </summary>
[Setting("What each type of judge can be told, and its defaults.")]
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(VerifierOptions), "verifier")]
[JsonDerivedType(typeof(LlmJudgeOptions), "llm")]
[JsonDerivedType(typeof(ImplicitRewardOptions), "implicit-reward")]
[JsonDerivedType(typeof(RewardModelOptions), "reward-model")]
[JsonDerivedType(typeof(EnsembleOptions), "ensemble")]
[JsonDerivedType(typeof(CascadeOptions), "cascade")]
[JsonDerivedType(typeof(HttpJudgeOptions), "http")]
[JsonDerivedType(typeof(CommandOptions), "command")]
[JsonDerivedType(typeof(DataAnswerOptions), "data-answer")]
[JsonDerivedType(typeof(HumanOptions), "human")]
public abstract record JudgeOptions(string Name)
{
    /// <summary>Files that verdicts depend on, by what is in them and not by where they lie.</summary>
    [JsonIgnore]
    public virtual IEnumerable<string> Files => [];

    /// <summary>The models it goes by, as a person calls them.</summary>
    [JsonIgnore]
    public virtual IEnumerable<string> Models => Files.Select(path => Path.GetFileName(path));

    /// <summary>Whether it asks the policy whose samples it judges, so that another round's policy may say something else.</summary>
    [JsonIgnore]
    public virtual bool AsksPolicy => false;

    [JsonIgnore]
    public virtual CampaignParts Needs => CampaignParts.None;

    /// <summary>The section of the settings, for messages.</summary>
    [JsonIgnore]
    public string Setting => $"campaign.judging.judges.{Name}";

    /// <summary>Names of the judges that this one asks.</summary>
    [JsonIgnore]
    public virtual IReadOnlyList<string> Asks => [];

    /// <summary>Makes the judge; what it shares with others is the factory's.</summary>
    /// <exception cref="ObjectDisposedException">The factory is closed.</exception>
    public abstract IJudge Create(JudgeFactory factory);

    /// <summary>With every setting that does not change verdicts (time-outs, budgets, places) set to a fixed value.</summary>
    public virtual JudgeOptions WithoutIncidentals() => this;

    /// <summary>
    /// As it may be stored and shown: what may be a secret is there by its digest, so that another one is still another setting.
    /// </summary>
    public virtual JudgeOptions WithoutSecrets() => this;
}

using System.Text.Json.Serialization;
using IterativeDpo.Artifacts;


namespace IterativeDpo.Campaigns;

/// <summary>Which adapter training starts from.</summary>
public enum PolicyOrigin { Base, Previous }

/// <summary>Which policy the loss refers to.</summary>
public enum ReferenceOrigin
{
    Base,

    /// <summary>The one that the round goes on from: the last that was published and kept.</summary>
    Previous,

    /// <summary>The exponential moving average of all adapters that were kept.</summary>
    Ema,

    /// <summary>None: the loss has no reference.</summary>
    None,
}

/// <summary>Which pairs a round trains on.</summary>
public enum PairData
{
    New,

    /// <summary>Those of all rounds so far.</summary>
    Accumulated,

    /// <summary>Its own, and a share drawn from those of the rounds before.</summary>
    Replay,
}

/// <summary>How the prompts of a round follow from those before.</summary>
public enum PromptOrder
{
    /// <summary>Others in every round; those of a file come again when all have been there.</summary>
    New,

    /// <summary>The same in every round.</summary>
    Repeated,

    /// <summary>Those that the policy can learn from, by its scores in the rounds before.</summary>
    Curriculum,
}

/// <summary>What the campaign decides by. Everything else in the configuration only changes how work is done.</summary>
/// <param name="SettingsDigest">Of the resolved configuration: a campaign is resumed with the settings it began with.</param>
/// <param name="Prompts">Training prompts in a round.</param>
/// <param name="UnitPrompts">Most prompts in one unit of work.</param>
/// <param name="EvaluationUnitPrompts">Most held-out prompts in one; 0 in plans that did not tell them apart.</param>
/// <param name="HeldOutPrompts">Prompts every checkpoint is evaluated on.</param>
/// <param name="MaxAttempts">How often a unit of work is tried.</param>
/// <param name="RollbackPoints">A round that loses more held-out accuracy than this, in percentage points, is rolled back; null is off.</param>
/// <param name="ReplayShare">Share of a round's pairs that is drawn from earlier rounds, where the data is a replay.</param>
/// <param name="ReferenceEmaDecay">What the average keeps of itself from round to round, where it is the reference.</param>
/// <param name="Bundle">What a node has to know to work for it, stored (<see cref="CampaignBundle"/>); null where it runs in one process.</param>
/// <param name="Staleness">Rounds that may be sampled while one is trained and evaluated.</param>
public sealed record CampaignPlan(
    string Campaign,
    [property: JsonPropertyName("settings")] Digest SettingsDigest,
    int Rounds,
    int Prompts,
    int UnitPrompts,
    int HeldOutPrompts,
    int MaxAttempts,
    PairData Data,
    [property: JsonPropertyName("initialization")] PolicyOrigin Initialisation,
    ReferenceOrigin Reference,
    double? RollbackPoints,
    double ReplayShare = 0,
    double ReferenceEmaDecay = 0,
    PromptOrder PromptOrder = PromptOrder.New,
    int EvaluationUnitPrompts = 0,
    Digest? Bundle = null,
    int Staleness = 0)
{
    /// <summary>The most units that a round may be sampled in on a cluster, where one order names them all.</summary>
    public const int MostUnits = 384;

    /// <summary>Units of work in a stage; 1 for the stages that take the round as a whole.</summary>
    public int Units(Stage stage) => stage switch
    {
        Stage.Sample or Stage.Judge => (Prompts + UnitPrompts - 1) / UnitPrompts,
        Stage.Evaluate or Stage.Grade => (HeldOutPrompts + EvaluationUnit - 1) / EvaluationUnit,
        _ => 1,
    };

    /// <summary>The prompts of a sampling or evaluation unit: index of the first, and how many.</summary>
    public (int First, int Count) PromptsOf(Stage stage, int unit)
    {
        var (all, most) = stage == Stage.Evaluate ? (HeldOutPrompts, EvaluationUnit) : (Prompts, UnitPrompts);
        return (unit * most, Math.Min(most, all - unit * most));
    }

    private int EvaluationUnit => EvaluationUnitPrompts == 0 ? UnitPrompts : EvaluationUnitPrompts;
}

using System.Collections.Immutable;
using System.Text.Json.Serialization;
using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns.Configuration;

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

/// <summary>A set of prompts that checkpoints are measured on beside the held-out ones.</summary>
/// <param name="Samples">Answers to a prompt.</param>
/// <param name="Every">Measured in every so many rounds, in the first and in the last; 0: then only.</param>
/// <param name="MostPointsLost">A round that loses more, in percentage points, does not pass the gate; null is off.</param>
public sealed record PlannedSet(string Name, int Prompts, int Samples, int Every, double? MostPointsLost);

/// <summary>By what a round is kept, see <see cref="GateOptions"/>.</summary>
/// <param name="Set">Name of the set that it looks at.</param>
public sealed record GatePlan(GateTest Test, double Level, int MinimumPrompts, string Set, GateFailure OnFail)
{
    /// <summary>Whether it compares answers to the same prompts rather than accuracies.</summary>
    [JsonIgnore]
    public bool IsByPrompt => Test is GateTest.McNemar or GateTest.EProcess;
}

/// <summary>What a judge may spend with its service; 0: as the settings say.</summary>
public sealed record JudgeBudget(int Calls, long Tokens);

/// <summary>Prompts of one set that are answered and graded together.</summary>
/// <param name="Set">Null is the held-out prompts.</param>
/// <param name="First">Index of the first in its set.</param>
public readonly record struct EvaluationUnit(int Index, PlannedSet? Set, int First, int Prompts);

/// <summary>What the campaign decides by. Everything else in the configuration only changes how work is done.</summary>
/// <param name="SettingsDigest">Of the resolved configuration: a campaign is resumed with the settings it began with.</param>
/// <param name="Prompts">Training prompts in a round.</param>
/// <param name="UnitPrompts">Most prompts in one unit of work.</param>
/// <param name="EvaluationUnitPrompts">Most held-out prompts in one; 0 in plans that did not tell them apart.</param>
/// <param name="HeldOutPrompts">Prompts every checkpoint is evaluated on.</param>
/// <param name="MaxAttempts">How often a unit of work is tried.</param>
/// <param name="RollbackPoints">A round that loses more held-out accuracy than this, in percentage points, is rolled back; null is
/// off.</param>
/// <param name="ReplayShare">Share of a round's pairs that is drawn from earlier rounds, where the data is a replay.</param>
/// <param name="ReferenceEmaDecay">What the average keeps of itself from round to round, where it is the reference.</param>
/// <param name="Bundle">What a node has to know to work for it, stored (<see cref="CampaignBundle"/>); null where it runs in one
/// process.</param>
/// <param name="Staleness">Rounds that may be sampled while one is trained and evaluated.</param>
/// <param name="Sets">What is measured beside the held-out prompts; null is nothing.</param>
/// <param name="Gate">Null: a round is kept unless it loses <paramref name="RollbackPoints"/> on the held-out prompts.</param>
/// <param name="Watch">Null: the defaults.</param>
/// <param name="Consistency">Whether samples are judged by the policy before as well.</param>
/// <param name="RaisedRounds">What an operator raised the rounds to, which settings with fewer do not take back; null is nothing.</param>
/// <param name="Budgets">What operators raised judges' budgets to, by the judges' names; null is nothing.</param>
/// <param name="StopKl">See <see cref="StopOptions.Kl"/>; null is off.</param>
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
    int Staleness = 0,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ImmutableArray<PlannedSet>? Sets = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] GatePlan? Gate = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] WatchOptions? Watch = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Consistency = false,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? RaisedRounds = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ImmutableSortedDictionary<string, JudgeBudget>? Budgets = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? StopKl = null)
{
    public const int MostRounds = 10_000;

    /// <summary>The most units that a round may be sampled in on a cluster, where one order names them all.</summary>
    public const int MostUnits = 384;

    /// <summary>The most prompts that a gate may compare one by one: the state has a byte for each.</summary>
    public const int MostComparedPrompts = 10_000;

    /// <summary>Units that a round is sampled and judged in.</summary>
    [JsonIgnore]
    public int SampleUnits => UnitsOf(Prompts, UnitPrompts);

    /// <summary>The prompts of a sampling unit: index of the first, and how many.</summary>
    public (int First, int Count) PromptsOf(int unit) => (unit * UnitPrompts, Math.Min(UnitPrompts, Prompts - unit * UnitPrompts));

    /// <summary>The units that a round is measured in. A unit has the same index in every round.</summary>
    public IEnumerable<EvaluationUnit> EvaluationUnits(int round)
    {
        var most = EvaluationUnitPrompts == 0 ? UnitPrompts : EvaluationUnitPrompts;
        foreach (var unit in Divide(null, HeldOutPrompts, most, 0))
        {
            yield return unit;
        }
        var index = UnitsOf(HeldOutPrompts, most);
        foreach (var set in Sets ?? [])
        {
            // As many answers as a unit of held-out prompts has.
            var prompts = Math.Max(1, most / set.Samples);
            if (round == 0 || round == Rounds || (set.Every > 0 && round % set.Every == 0))
            {
                foreach (var unit in Divide(set, set.Prompts, prompts, index))
                {
                    yield return unit;
                }
            }
            index += UnitsOf(set.Prompts, prompts);
        }
    }

    private static IEnumerable<EvaluationUnit> Divide(PlannedSet? set, int prompts, int most, int index) =>
        Enumerable
            .Range(0, UnitsOf(prompts, most))
            .Select(unit => new EvaluationUnit(index + unit, set, unit * most, Math.Min(most, prompts - unit * most)));

    private static int UnitsOf(int prompts, int most) => (prompts + most - 1) / most;
}

using IterativeDpo.Actors.Protocol;
using IterativeDpo.Campaigns;
using IterativeDpo.Generation;
using IterativeDpo.Judging;
using IterativeDpo.Training;

namespace IterativeDpo.Actors;

/// <summary>Makes the engines; a worker whose engine failed asks for a new one.</summary>
/// <param name="Judge">Makes the judge of this name, see <see cref="Campaigns.Configuration.JudgingOptions.Find"/>.</param>
public sealed record CampaignEngines(Func<IGenerator> Generator, Func<ITrainer> Trainer, Func<string, IJudge> Judge);

/// <summary>How a run of a campaign ended.</summary>
public enum CampaignEnd
{
    /// <summary>All rounds are done.</summary>
    Completed,

    /// <summary>It cannot go on until someone acts; <see cref="CampaignState.PauseReason"/> says on what.</summary>
    Paused,

    /// <summary>It was asked to stop; running it again goes on from here.</summary>
    Interrupted,
}

/// <param name="State">The campaign's state, every round's results included.</param>
public sealed record CampaignOutcome(CampaignEnd End, CampaignState State);

/// <summary>Reported whenever something is journalled, and while work is under way.</summary>
/// <param name="Work">How far work in hand got; null when this report is of the state alone.</param>
public sealed record CampaignProgress(CampaignState State, WorkProgress? Work);

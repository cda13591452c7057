using IterativeDpo.Actors.Protocol;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors;

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

/// <param name="State">The campaign's state; <see cref="CampaignReader.ReadWhole"/> has the units of all rounds too.</param>
public sealed record CampaignOutcome(CampaignEnd End, CampaignState State);

/// <summary>Reported whenever something is journalled, and while work is under way.</summary>
/// <param name="Work">How far work in hand got; null when this report is of the state alone.</param>
public sealed record CampaignProgress(CampaignState State, WorkProgress? Work);

using IterativeDpo.Actors.Campaigns;

namespace IterativeDpo.Actors;

/// <summary>Reads a campaign's state without running it; also while another process runs it.</summary>
public static class CampaignReader
{
    /// <returns>Null where no campaign has begun.</returns>
    /// <exception cref="Artifacts.UserInputException">The state is damaged or of a newer version.</exception>
    public static CampaignState? Read(string statePath) => throw new NotSupportedException(statePath);
}

using IterativeDpo.Actors.Configuration;

namespace IterativeDpo.Actors;

/// <summary>Runs or resumes a campaign on this machine, all roles in this process.</summary>
public static class CampaignRunner
{
    /// <param name="statePath">Holds everything of the campaign; made if it is not there.</param>
    /// <param name="progress">Told of every change and of work under way, from any thread.</param>
    /// <param name="cancellationToken">Stops work and keeps what can be kept; the outcome is then <see cref="CampaignEnd.Interrupted"/>.</param>
    /// <exception cref="Artifacts.UserInputException">
    /// The directory is in use, another campaign's, or of other settings, or an input cannot be used; nothing was changed.
    /// </exception>
    public static Task<CampaignOutcome> RunAsync(
        CampaignConfiguration configuration,
        string statePath,
        CampaignEngines engines,
        IProgress<CampaignProgress>? progress,
        TimeProvider time,
        CancellationToken cancellationToken) => throw new NotSupportedException();
}

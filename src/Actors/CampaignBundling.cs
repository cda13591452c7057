using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;

namespace IterativeDpo.Actors;

/// <summary>Makes a configuration a bundle for a cluster.</summary>
public static class CampaignBundling
{
    /// <summary>Finds with the engines of this machine what would pause the campaign rounds later.</summary>
    /// <param name="warn">Told of a judge that does not answer here.</param>
    /// <exception cref="UserInputException">A file cannot be read, a prompt cannot be asked, or a judge cannot do what it is to do.</exception>
    public static async Task CheckAsync(
        CampaignConfiguration configuration, CampaignEngines engines, Action<string> warn, CancellationToken cancellationToken)
    {
        var inputs = CampaignInputs.Read(configuration);
        inputs.CheckPrompts(engines);
        await inputs.CheckJudgesAsync(configuration.Options, engines, warn, cancellationToken);
    }

    /// <exception cref="UserInputException">The model, the prompt file or a judge's file cannot be read.</exception>
    public static CampaignBundle Bundle(CampaignConfiguration configuration)
    {
        var inputs = CampaignInputs.Read(configuration);
        var judges = new JudgeIdentities(configuration.Options);
        CampaignInputs.RefuseBadChecks(configuration.Options.Prompts.File, inputs.Prompts.FromFile);
        return CampaignBundle.Of(configuration.Options, inputs.Plan, inputs.BaseModel, inputs.JudgeIdentity, judges.DigestOf);
    }
}

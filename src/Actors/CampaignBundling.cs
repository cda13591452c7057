using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;

namespace IterativeDpo.Actors;

/// <summary>Makes a configuration a bundle for a cluster.</summary>
public static class CampaignBundling
{
    /// <exception cref="UserInputException">The model, the prompt file or a judge's file cannot be read.</exception>
    public static CampaignBundle Bundle(CampaignConfiguration configuration)
    {
        var inputs = CampaignInputs.Read(configuration);
        var judges = new JudgeIdentities(configuration.Options);
        CampaignInputs.RefuseBadChecks(configuration.Options.Prompts.File, inputs.Prompts.FromFile);
        return CampaignBundle.Of(configuration.Options, inputs.Plan, inputs.BaseModel, inputs.JudgeIdentity, judges.DigestOf);
    }
}

using System.Text.Json;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Generation;

namespace IterativeDpo.Actors;

/// <summary>Makes a configuration a bundle for a cluster.</summary>
public static class CampaignBundling
{
    /// <summary>Beside a task's name in what came of judging a unit: how many are right, of how many.</summary>
    private const int TaskScoreBytes = 48;

    /// <summary>Finds with the engines of this machine what would pause the campaign rounds later.</summary>
    /// <param name="warn">Told of a judge that does not answer here.</param>
    /// <exception cref="UserInputException">A file cannot be read, a prompt cannot be asked, or a judge cannot do what it is to
    /// do.</exception>
    public static async Task CheckAsync(
        CampaignConfiguration configuration, CampaignEngines engines, Action<string> warn, CancellationToken cancellationToken)
    {
        var inputs = CampaignInputs.Read(configuration);
        inputs.CheckPrompts(engines);
        await inputs.CheckJudgesAsync(configuration.Options, engines, warn, cancellationToken);
    }

    /// <exception cref="UserInputException">The model, the prompt file or a judge's file cannot be read, or a message would be larger than
    /// nodes take.</exception>
    public static CampaignBundle Bundle(CampaignConfiguration configuration)
    {
        var inputs = CampaignInputs.Read(configuration);
        var judges = new JudgeIdentities(configuration.Options);
        CampaignInputs.RefuseBadChecks(configuration.Options.Prompts.File, inputs.Prompts.FromFile);
        RefuseTooManyUnits(inputs.Plan);
        RefuseTooManyTasks(configuration.Options.Prompts.File, inputs.Prompts.FromFile);
        return CampaignBundle.Of(configuration.Options, inputs.Plan, inputs.BaseModel, inputs.JudgeIdentity, judges.DigestOf);
    }

    /// <summary>The order to make pairs names every unit.</summary>
    internal static void RefuseTooManyUnits(CampaignPlan plan)
    {
        if (plan.SampleUnits is > CampaignPlan.MostUnits and var units)
        {
            throw new UserInputException(
                $"campaign.work.prompts-per-unit is {plan.UnitPrompts} and campaign.prompts.per-round {plan.Prompts}: that makes {units} units of work, and a round on a cluster "
                + $"has at most {CampaignPlan.MostUnits}; set prompts-per-unit to {(plan.Prompts + CampaignPlan.MostUnits - 1) / CampaignPlan.MostUnits} or more.");
        }
    }

    /// <summary>What came of judging a unit is told by task.</summary>
    internal static void RefuseTooManyTasks(string? file, IEnumerable<Prompt> prompts)
    {
        string[] tasks = [.. prompts.Select(prompt => prompt.Task).OfType<string>().Distinct()];
        if (tasks.Sum(task => JsonEncodedText.Encode(task).EncodedUtf8Bytes.Length + TaskScoreBytes) > WireFormat.MostBytes * 3 / 4)
        {
            throw new UserInputException(
                $"{file}: its prompts name {tasks.Length} tasks, which is too much for a message on a cluster; name some hundreds at most by \"task\", e.g. kinds of tasks, or leave it out.");
        }
    }
}

using System.Collections.Immutable;
using System.Text;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Generation;
using IterativeDpo.Judging.Verifier;
using IterativeDpo.Training;

namespace IterativeDpo.Actors;

/// <summary>What a campaign is made of, besides its state: prompts, base model, and the plan that follows from its settings.</summary>
/// <param name="JudgeIdentity">Who judges its samples.</param>
internal sealed record CampaignInputs(CampaignPlan Plan, CampaignPrompts Prompts, Digest BaseModel, string JudgeIdentity)
{
    /// <exception cref="UserInputException">The model or the prompt file cannot be read, or the adapter's settings do not fit the
    /// model.</exception>
    public static CampaignInputs Read(CampaignConfiguration configuration)
    {
        var options = configuration.Options;
        var prompts = new CampaignPrompts(options);
        using (var file = GgufFile.Open(options.ModelPath))
        {
            var config = ModelConfig.Read(file);
            if (options.Training.Lora is { } lora)
            {
                LoraTargets.Of(lora, config);
            }
        }
        var judges = new JudgeIdentities(options);
        var model = judges.DigestOf(options.ModelPath);
        return new CampaignInputs(PlanOf(configuration, prompts, model, judges), prompts, model, judges.Of(options.Judging.Judge));
    }

    /// <summary>
    /// Finds a prompt that cannot be asked before the campaign begins, rather than rounds later: of a prompt file every one is tried, of
    /// generated ones those that are held out, some of each task.
    /// </summary>
    /// <exception cref="UserInputException">A prompt that leaves no room in the context, or that the model's chat template does not
    /// show.</exception>
    public void CheckPrompts(CampaignEngines engines)
    {
        try
        {
            using var generator = engines.Generator();
            foreach (var prompt in Prompts.FromFile.Any() ? Prompts.FromFile : Prompts.HeldOut)
            {
                PromptRoom.Check(prompt, generator.Tokenize(prompt).Length, generator.ContextSize);
                if (prompt.Answer is not null)
                {
                    generator.EncodeAnswer(prompt);
                }
            }
        }
        catch (Exception e) when (e is not UserInputException)
        {
            // An engine that fails is tried again by its worker, and then pauses the campaign with the reason.
        }
    }

    /// <summary>
    /// Finds out before the campaign begins whether its judges can judge, and whether the prompts' checks can be run, which judges are also
    /// measured by.
    /// </summary>
    /// <param name="warn">Told of a judge that does not answer here, where it need not: others will ask it. Null where it must.</param>
    /// <exception cref="UserInputException">One cannot, or one that only compares is to grade single answers.</exception>
    public async Task CheckJudgesAsync(
        CampaignOptions options,
        CampaignEngines engines,
        Action<string>? warn,
        CancellationToken cancellationToken)
    {
        RefuseBadChecks(options.Prompts.File, Prompts.FromFile);
        foreach (var name in options.Judges)
        {
            await using var judge = engines.Judge(name);
            if (options.Graders.Contains(name) && !judge.ScoresSingleSamples)
            {
                throw new UserInputException(
                    $"The judge '{name}' compares samples and cannot grade the single answers of the evaluation; name one that can in evaluation.judge or the judge of the set, e.g. verifier.");
            }
            if (name == options.Judging.Judge && options.Prompts.Order == PromptOrder.Curriculum && !judge.ScoresSingleSamples)
            {
                throw new UserInputException(
                    $"campaign.prompts.order is curriculum, which goes by scores, and the judge '{name}' only compares samples; choose another order, or a judge that scores.");
            }
            try
            {
                await judge.CheckAsync(Prompts.FromFile, cancellationToken);
            }
            catch (UserInputException e) when (warn is not null)
            {
                warn($"the judge '{name}' cannot be asked from this machine; the nodes that judge must be able to: {e.Message}");
            }
        }
    }

    /// <exception cref="UserInputException">The state is of a campaign with other settings or another model.</exception>
    public void RefuseOtherCampaign(CampaignState? found, CampaignOptions options, string statePath)
    {
        if (found?.Plan is { } plan && plan.SettingsDigest != Plan.SettingsDigest)
        {
            throw new UserInputException(
                $"{statePath}: holds campaign '{plan.Campaign}' as it began, with another model, prompts or settings than now: {WhatChanged(options, statePath)}. Put this back to go on with it "
                + "(rounds, threads and retries may change), or choose another directory with --state.");
        }
    }

    private static string WhatChanged(CampaignOptions options, string statePath) =>
        File.Exists(CampaignReader.SettingsPath(statePath))
        && OptionsJson.Differences(CampaignReader.ReadSettings(statePath), options) is { Count: > 0 } changed
            ? string.Join("; ", changed)
            : "the model, the prompt file, a judge's file or the arguments of a judge's command, which are not stored, are not what they were";

    internal static void RefuseBadChecks(string? file, IEnumerable<Prompt> prompts)
    {
        foreach (var prompt in prompts)
        {
            try
            {
                VerifierJudge.Refuse(prompt);
            }
            catch (PromptException e)
            {
                throw new UserInputException($"{PromptFile.PlaceOf(e.PromptId, file!)}: {e.Message}", e);
            }
        }
    }

    private static CampaignPlan PlanOf(
        CampaignConfiguration configuration,
        CampaignPrompts prompts,
        Digest model,
        JudgeIdentities identities)
    {
        var options = configuration.Options;
        var file = options.Prompts.File is { } path ? Digest.OfFile(path).Hex : "";
        var sets = (options.Evaluation.Sets ?? []).Select(set => set.File).OfType<string>().Select(path => $" {Digest.OfFile(path)}");
        var judges = options.JudgesInUse.SelectMany(judge => identities.DigestsOf(judge).Select(digest => $" {digest}"));
        return new CampaignPlan(
            options.Name,
            Digest.Of(Encoding.UTF8.GetBytes($"{configuration.Identity} {model} {file}{string.Concat(judges)}{string.Concat(sets)}")),
            options.Rounds,
            options.Prompts.PerRound,
            options.Work.PromptsPerUnit,
            prompts.HeldOut.Count,
            options.Work.Retries + 1,
            options.Policy.Data,
            options.Policy.Initialisation,
            options.Policy.Reference,
            options.Evaluation.RollbackPoints,
            options.Policy.ReplayShare,
            options.Policy.ReferenceEmaDecay,
            options.Prompts.Order,
            // As many answers as a unit has samples: prompts that begin alike are then computed together.
            options.Work.PromptsPerUnit * options.Generation.SamplesPerPrompt,
            Staleness: options.Work.Staleness,
            Sets: SetsOf(options, prompts),
            Gate: GateOf(options, prompts),
            Watch: options.Watch,
            Consistency: options.Pairs.Consistency,
            StopKl: options.Stop?.Kl);
    }

    private static ImmutableArray<PlannedSet>? SetsOf(CampaignOptions options, CampaignPrompts prompts)
    {
        var gate = options.GateOrDefault;
        ImmutableArray<PlannedSet> sets =
        [
            .. gate is { Test: not GateTest.Off, Set: GateOptions.OwnSet }
                ? [new PlannedSet(GateOptions.OwnSet, prompts.Of(GateOptions.OwnSet).Count, 1, 1, null)]
                : Array.Empty<PlannedSet>(),
            .. (options.Evaluation.Sets ?? []).Select(set => new PlannedSet(
                set.Name,
                prompts.Of(set.Name).Count,
                set.Samples,
                set.Every,
                set.MostPointsLost)),
        ];
        return sets.IsEmpty ? null : sets;
    }

    /// <exception cref="UserInputException">There are too few prompts for the test, or too many.</exception>
    private static GatePlan? GateOf(CampaignOptions options, CampaignPrompts prompts)
    {
        if (options.Gate is not { } gate)
        {
            return null;
        }
        if (gate.IsByPrompt
            && prompts.Of(gate.Set).Count is var count
            && (count < gate.MinimumPrompts || count > CampaignPlan.MostComparedPrompts))
        {
            throw new UserInputException(count < gate.MinimumPrompts
                ? $"campaign.gate.minimum-prompts is {gate.MinimumPrompts}, and the set '{gate.Set}' that the gate looks at has {count} prompts; give it more, or lower the minimum."
                : $"The set '{gate.Set}' that campaign.gate compares by prompt has {count} prompts, and at most {CampaignPlan.MostComparedPrompts} can be; give it fewer.");
        }
        return new(gate.Test, gate.Level, gate.MinimumPrompts, gate.Set, gate.OnFail);
    }
}

using IterativeDpo.Actors.Persistence;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;

namespace IterativeDpo.Actors;

/// <summary>Makes a campaign that shares another's first rounds and goes on with settings of its own.</summary>
public static class CampaignFork
{
    /// <summary>What would make the past untrue, by the beginning of the key, and why.</summary>
    private static readonly (string Key, string Reason)[] s_fixed =
    [
        ("prompts.", "the prompts already used would come again, or be none of its prompts"),
        ("evaluation.prompts-per-task", "rounds before and after it could not be compared"),
        ("evaluation.max-tokens", "rounds before and after it could not be compared"),
        ("evaluation.right-score", "rounds before and after it could not be compared"),
        ("evaluation.sets", "the past was not measured on others"),
    ];

    /// <param name="statePath">The other campaign's state directory; it is only read, also while it runs.</param>
    /// <param name="round">The last round to be shared.</param>
    /// <param name="configuration">The new campaign's.</param>
    /// <param name="newPath">Its state directory, which must not be there yet.</param>
    /// <exception cref="UserInputException">
    /// The round has not ended, a setting would make the past untrue, an artifact is lost, or the directory is there. Nothing is left of
    /// it.
    /// </exception>
    public static void Make(string statePath, int round, CampaignConfiguration configuration, string newPath, TimeProvider time)
    {
        var state = CampaignReader.Read(statePath) ?? throw new UserInputException($"{statePath}: no campaign has begun here.");
        var events = CampaignHistory.Until(CampaignReader.ReadEvents(CampaignReader.DatabasePath(statePath)), round)
            ?? throw new UserInputException(
                $"{statePath}: round {round} has not ended; {(state.Rounds.FindLastIndex(known => known.Outcome is not null) is >= 0 and var last ? $"fork at one that has, 0 to {last}" : "none has")}.");
        var options = CampaignReader.ReadSettings(statePath);
        var inputs = CampaignInputs.Read(configuration);
        var before = events.Aggregate(CampaignState.Empty, CampaignHistory.Apply);
        RefuseUntruePast(state.Plan!, events, options, configuration.Options, inputs, statePath);
        RefuseOtherGate(before, options.GateOrDefault, configuration.Options.GateOrDefault);
        if (Directory.Exists(newPath) && Directory.EnumerateFileSystemEntries(newPath).Any())
        {
            throw new UserInputException($"{newPath}: there is something already; choose another directory with --to.");
        }
        using var made = StateDirectory.Open(newPath, configuration.Options.Name);
        try
        {
            var artifacts = StateDirectory.ArtifactsOf(statePath);
            foreach (var digest in events.OfType<WorkCompleted>().SelectMany(done => done.Result.Leaves).Distinct())
            {
                made.Artifacts.Share(artifacts, digest);
            }
            ShareAnswers(CampaignReader.WorkPath(statePath), CampaignReader.WorkPath(newPath));
            var database = CampaignReader.DatabasePath(newPath);
            CampaignDatabase.Prepare(database);
            var origin = new CampaignOrigin(
                state.Plan!.Campaign,
                Path.GetFullPath(statePath),
                before.Plan!.SettingsDigest,
                round,
                before.Origin);
            CampaignDatabase.Begin(
                database,
                CampaignActor.PersistenceIdOf(configuration.Options.Name),
                [.. events, new CampaignForked(origin, inputs.Plan, time.GetUtcNow())]);
        }
        catch (Exception e)
        {
            Directory.Delete(newPath, recursive: true);
            if (e is StorageException || IoFailure.Is(e))
            {
                throw new UserInputException($"{statePath} cannot be forked: {e.Message}", e);
            }
            throw;
        }
    }

    private static void RefuseUntruePast(
        CampaignPlan plan,
        IReadOnlyList<CampaignEvent> events,
        CampaignOptions options,
        CampaignOptions now,
        CampaignInputs inputs,
        string statePath)
    {
        // As it was then: with the files of today its settings are those that it began with.
        var then = CampaignInputs.Read(new CampaignConfiguration(options, "", OptionsJson.Write(options)));
        then.RefuseOtherCampaign(new CampaignState { Plan = plan }, options, statePath);
        if (inputs.BaseModel != then.BaseModel)
        {
            throw new UserInputException(
                $"campaign.model: a fork goes on with the base model of its past, {options.ModelPath}; another one needs a campaign of its own.");
        }
        // Settings say where files are, and not what is in them.
        if (options.Prompts.File is { } prompts && now.Prompts.File is { } file && Digest.OfFile(prompts) != Digest.OfFile(file))
        {
            throw new UserInputException(
                $"campaign.prompts.file: a fork cannot change this, and {file} has other prompts than {prompts}: the prompts already used would come again, or be none of its prompts.");
        }
        if (GraderOf(options) is var grader && GraderOf(now) is var graderNow && grader != graderNow)
        {
            throw new UserInputException(
                $"campaign.evaluation.judge: a fork cannot change who grades the evaluation, {grader}, now {graderNow}, as rounds before and after it could not be compared; name the one of before in evaluation.judge.");
        }
        var hasAdapter =
            events.OfType<WorkCompleted>().Any(done => done.Result is TrainResult) && now.Policy.Initialisation == PolicyOrigin.Previous;
        foreach (var difference in OptionsJson.Differences(options, now))
        {
            var reason = s_fixed.FirstOrDefault(known => difference.StartsWith(known.Key, StringComparison.Ordinal)).Reason
                ?? (
                    difference.StartsWith("seed", StringComparison.Ordinal) && options.Prompts.File is not null
                        ? "the prompts already used would come again"
                        : null)
                ?? (difference.StartsWith("training.lora", StringComparison.Ordinal) && hasAdapter
                    ? "it goes on from an adapter of the other form; set policy.initialisation = base to begin a fresh one" : null);
            if (reason is not null)
            {
                throw new UserInputException($"campaign.{difference}: a fork cannot change this, as {reason}.");
            }
        }
    }

    /// <summary>A gate compares with the past: that must have been measured on the gate's prompts.</summary>
    private static void RefuseOtherGate(CampaignState before, GateOptions then, GateOptions now)
    {
        if (now.Test == GateTest.Off || before.LastKept is not { } kept)
        {
            return;
        }
        var isMeasured = now.Set == EvaluationOptions.HeldOut && !now.IsByPrompt
            || (
                kept.Sets.GetValueOrDefault(now.Set) is { } score
                && (!now.IsByPrompt || score.ByPrompt is not null)
                && (now.Set != GateOptions.OwnSet || now.PromptsPerTask == then.PromptsPerTask));
        if (!isMeasured)
        {
            throw new UserInputException(
                $"campaign.gate: a fork cannot look at the set '{now.Set}' in this way, as the rounds it shares were not measured so; keep the metric, the prompts and the kind of test of before, or set gate.test = off.");
        }
    }

    private static string GraderOf(CampaignOptions options) =>
        new JudgeIdentities(options).Of(options.Evaluation.Judge ?? options.Judging.Judge);

    /// <summary>What services answered is not paid for again.</summary>
    private static void ShareAnswers(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.Exists(from) ? Directory.EnumerateFiles(from, "judge-*.jsonl") : [])
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }
    }
}

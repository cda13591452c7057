using System.Text.Json;
using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Judging.Quality;

namespace IterativeDpo.Host.Compare;

/// <summary>Campaigns of the same settings but for the seed.</summary>
internal sealed record Arm(string Name, IReadOnlyList<ArmRun> Runs)
{
    public double Mean(Func<ArmRun, double> of) => Runs.Average(of);

    /// <summary>Null where a run has none.</summary>
    public double? MeanOrNull(Func<ArmRun, double?> of) =>
        Runs.Select(of).ToArray() is var values && values.All(value => value is not null) ? values.Average() : null;
}

/// <param name="Against">The arm that it is compared with.</param>
/// <param name="McNemar">McNemar's exact p, where each arm is one campaign.</param>
internal sealed record ArmDifference(string Arm, string Against, PairedDifference HeldOut, double? McNemar);

/// <summary>Arms side by side, each against the first one, on the same held-out prompts.</summary>
internal sealed record ArmComparison(IReadOnlyList<Arm> Arms, IReadOnlyList<ArmDifference> Differences)
{
    /// <summary>What a judge says of their answers; null where none was asked.</summary>
    public JudgedArms? Judged { get; init; }

    /// <summary>Samples of a prompt that every campaign has.</summary>
    public int SamplesPerPrompt => Arms.SelectMany(arm => arm.Runs).Min(run => run.Options.Generation.SamplesPerPrompt);

    /// <param name="least">Arms that there must be.</param>
    /// <exception cref="UserInputException">Fewer arms, or they are not evaluated on the same prompts.</exception>
    public static ArmComparison Of(IReadOnlyList<ArmRun> runs, int least = 2)
    {
        foreach (var run in runs.Skip(1))
        {
            RefuseOtherPrompts(runs[0], run);
            RefuseOtherEvaluation(runs[0], run);
        }
        var groups = new List<List<ArmRun>>();
        foreach (var run in runs)
        {
            if (groups.Find(group => IsSameButForTheSeed(group[0].Options, run.Options)) is { } group)
            {
                group.Add(run);
            }
            else
            {
                groups.Add([run]);
            }
        }
        if (groups.Count < least)
        {
            throw new UserInputException(
                "these campaigns have the same settings but for the seed: they are one arm; name another one's state directory as well, or a judge with --judge, which compares them with their base.");
        }
        var namesTell = groups.Select(group => group[0].Options.Name).Distinct().Count() == groups.Count;
        Arm[] arms =
        [
            .. groups.Select(group => new Arm(
                namesTell ? group[0].Options.Name : Path.GetFileName(Path.TrimEndingDirectorySeparator(group[0].StatePath)),
                group)),
        ];
        return new(arms, [.. arms.Skip(1).Select(arm => Difference(arm, arms[0]))]);
    }

    /// <summary>Differences do not tell where files lie; here another model, or another file of prompts, is another arm.</summary>
    private static bool IsSameButForTheSeed(CampaignOptions one, CampaignOptions other) =>
        one.ModelPath == other.ModelPath
        && one.Prompts.File == other.Prompts.File
        && OptionsJson.Differences(one with { Seed = 0, Name = "" }, other with { Seed = 0, Name = "" }).Count == 0;

    private static void RefuseOtherPrompts(ArmRun one, ArmRun other)
    {
        var id = one.Answers.Keys.Union(other.Answers.Keys).FirstOrDefault(id => Asked(one, id) != Asked(other, id));
        if (id is not null)
        {
            throw new UserInputException(
                $"{one.StatePath} and {other.StatePath} are not evaluated on the same held-out prompts ({id} differs or is in one only); compare campaigns whose prompts and evaluation are the same.");
        }
    }

    private static string? Asked(ArmRun run, string id) =>
        run.Answers.GetValueOrDefault(id) is { } answered ? JsonSerializer.Serialize(answered.Prompt) : null;

    private static void RefuseOtherEvaluation(ArmRun one, ArmRun other)
    {
        if (GraderOf(one.Options) != GraderOf(other.Options))
        {
            throw new UserInputException(
                $"{one.StatePath} and {other.StatePath} are not graded by the same judge: their accuracies say nothing of each other. Compare campaigns with the same evaluation.judge.");
        }
        var (evaluation, of) = (one.Options.Evaluation, other.Options.Evaluation);
        if ((evaluation.RightScore, evaluation.MaxTokens) != (of.RightScore, of.MaxTokens))
        {
            throw new UserInputException(
                $"{one.StatePath} and {other.StatePath} differ in evaluation.right-score or evaluation.max-tokens: what is right in one may not be in the other. Compare campaigns whose evaluation is the same.");
        }
    }

    /// <summary>What of the grader decides, by its settings.</summary>
    private static string GraderOf(CampaignOptions options) =>
        string.Join(
            '\n',
            options
                .Judging.FindAll(options.Evaluation.Judge ?? options.Judging.Judge)
        .Select(judge => OptionsJson.Write(judge.WithoutIncidentals().WithoutSecrets() with { Name = "" })));

    /// <summary>Of prompts with a verdict in every campaign of both arms.</summary>
    private static ArmDifference Difference(Arm arm, Arm against)
    {
        string[] prompts =
        [
            .. arm
                .Runs.Concat(against.Runs)
                .Select(run => run.HeldOut.Keys)
                .Aggregate((IEnumerable<string> common, IEnumerable<string> keys) => common.Intersect(keys))
                .Order(StringComparer.Ordinal),
        ];
        double Right(Arm of, string prompt) => of.Runs.Average(run => run.HeldOut[prompt] ? 1.0 : 0.0);
        double[] differences = [.. prompts.Select(prompt => Right(arm, prompt) - Right(against, prompt))];
        return new(
            arm.Name,
            against.Name,
            PairedDifference.Bootstrap(differences),
            arm.Runs.Count == 1 && against.Runs.Count == 1
                ? PairedDifference.McNemar(differences.Count(d => d > 0), differences.Count(d => d < 0))
                : null);
    }
}

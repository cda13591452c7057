using IterativeDpo.Artifacts;
using IterativeDpo.Judging;
using IterativeDpo.Judging.Cascades;
using IterativeDpo.Judging.Ensembles;

namespace IterativeDpo.Actors.Configuration;

/// <summary>Reads the judges that ask other judges. Whom they name is checked when all judges are known.</summary>
internal static class JudgesOfJudges
{
    public static JudgeOptions ReadEnsemble(SettingsReader ensemble, string name)
    {
        var members = ensemble.Texts("members");
        var weights = ensemble.Floats("weights");
        var options = new EnsembleOptions(
            name,
            members,
            [.. weights.Select(weight => (double)weight)],
            ensemble.Choice<Combination>("combine"),
            ensemble.Choice<Normalisation>("normalise"),
            ensemble.Double("minimum-agreement", 0.5, 1),
            ensemble.Int("minimum-members", 0, Math.Max(1, members.Count)));
        if (weights.Count > 0 && (weights.Count != members.Count || weights.Any(weight => weight == 0)))
        {
            throw ensemble.Invalid("weights", $"[{string.Join(", ", ensemble.Texts("weights"))}]", $"there must be one above 0 for each of the {members.Count} members, or [] for 1 each");
        }
        if (options is { Combine: Combination.Mean, MinimumAgreement: not 0.5 })
        {
            throw ensemble.Invalid("minimum-agreement", ensemble.Text("minimum-agreement"), "only votes agree; leave it out, or set combine = vote");
        }
        if (options is { Combine: Combination.Vote, Normalise: not Normalisation.None })
        {
            throw ensemble.Invalid("normalise", ensemble.Text("normalise"), "a vote goes by which score is higher, so this changes nothing; leave it out, or set combine = mean");
        }
        return options;
    }

    public static JudgeOptions ReadCascade(SettingsReader cascade, string name) => new CascadeOptions(
        name,
        cascade.Texts("steps"),
        cascade.Double("sure-margin", 0),
        cascade.Double("sure-probability", 0.5, 1));

    /// <exception cref="UserInputException">A judge names one that there is not, fewer than two, one twice, or by way of others itself.</exception>
    public static void Check(SettingsReader judging, IReadOnlyList<JudgeOptions> judges)
    {
        var names = JudgesReader.NamesOf(judges).ToArray();
        var asked = judges.Where(judge => KeyOf(judge) is not null).ToDictionary(judge => judge.Name, judge =>
            judging.Section("judges").Section(judge.Name).Choices(KeyOf(judge)!, names));
        foreach (var judge in judges.Where(judge => asked.ContainsKey(judge.Name)))
        {
            if (asked[judge.Name].Count < 2)
            {
                throw Invalid(judge, "it must name at least two judges");
            }
            if (Circle([judge.Name]) is { } circle)
            {
                throw Invalid(judge, $"a judge cannot ask itself: {string.Join(" asks ", circle)}");
            }
        }

        UserInputException Invalid(JudgeOptions judge, string rule) =>
            judging.Invalid($"judges.{judge.Name}.{KeyOf(judge)}", $"[{string.Join(", ", asked[judge.Name])}]", rule);

        // The first way from the path's end that comes to a judge for the second time.
        IReadOnlyList<string>? Circle(IReadOnlyList<string> path) => path.SkipLast(1).Contains(path[^1])
            ? path
            : (asked.GetValueOrDefault(path[^1]) ?? []).Select(next => Circle([.. path, next])).FirstOrDefault(circle => circle is not null);
    }

    private static string? KeyOf(JudgeOptions judge) => judge switch
    {
        EnsembleOptions => "members",
        CascadeOptions => "steps",
        _ => null,
    };
}

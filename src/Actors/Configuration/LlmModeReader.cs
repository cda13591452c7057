using IterativeDpo.Artifacts;
using IterativeDpo.Judging.Llm;

namespace IterativeDpo.Actors.Configuration;

/// <summary>Reads what a judge asks a language model: the keys of <c>judging.asking</c>, the same for every type of judge that asks one.</summary>
internal static class LlmModeReader
{
    private static readonly string[] OfRubric = ["rubric", "answers", "temperature", "max-tokens"];
    private static readonly string[] OfConstitution = ["principles", "weights"];
    private static readonly string[] OfComparing = ["labels", "tie-margin", "min-label-mass", "max-comparisons"];

    /// <exception cref="UserInputException">A value out of range, one in the judge's own section that its mode does not read, or a template that cannot be used.</exception>
    public static LlmMode Read(SettingsReader judge)
    {
        var mode = judge.Choice("mode", ["pairwise", "constitution", "rubric"]);
        RefuseUnread(judge, mode);
        // A value out of range is refused whatever the mode, so all are read first.
        var (labels, principles) = (ReadLabels(judge), ReadPrinciples(judge, isRead: mode == "constitution"));
        var (tieMargin, minLabelMass, maxComparisons) = (judge.Double("tie-margin", 0, 0.5), judge.Double("min-label-mass", 0, 1), judge.Int("max-comparisons", 0));
        var (rubric, answers) = (judge.Text("rubric"), judge.Int("answers", 1, 100));
        var (temperature, maxTokens) = (judge.Float("temperature", 0, 100), judge.Int("max-tokens", 1, 1_000_000));
        if (mode == "rubric")
        {
            return new RubricMode(ReadTemplate(judge, "rubric", RubricMode.Variables, "rubric"), rubric, answers, temperature, maxTokens);
        }
        var template = ReadTemplate(
            judge,
            labels.Count > 2 ? $"{mode}-with-ties" : mode,
            principles is null ? ComparingMode.Variables : [.. ComparingMode.Variables, "principle"]);
        return new ComparingMode(template, labels, tieMargin, minLabelMass, maxComparisons, principles);
    }

    private static PromptTemplate ReadTemplate(SettingsReader judge, string bundled, IReadOnlyList<string> required, params string[] optional)
    {
        var path = judge.OptionalPath("template") ?? Path.Combine(CampaignConfiguration.ShippedDirectory, "judges", $"{bundled}.txt");
        return File.Exists(path) ? PromptTemplate.Read(path, required, optional) : throw judge.Invalid("template", path, "there is no such file");
    }

    private static IReadOnlyList<string> ReadLabels(SettingsReader judge)
    {
        var labels = judge.Texts("labels");
        return labels.Count is 2 or 3 && labels.All(label => label.Length > 0) && labels.Distinct().Count() == labels.Count
            ? labels
            : throw judge.Invalid("labels", $"[{string.Join(", ", labels)}]", "it must be two or three different texts: the first sample, the second, and perhaps neither");
    }

    /// <summary>What is in <c>judging.asking</c> is for judges of every mode; what a judge says itself is meant for its own.</summary>
    private static void RefuseUnread(SettingsReader judge, string mode)
    {
        string[] unread = mode switch
        {
            "pairwise" => [.. OfConstitution, .. OfRubric],
            "constitution" => OfRubric,
            _ => [.. OfComparing, .. OfConstitution],
        };
        if (unread.FirstOrDefault(judge.Has) is { } key)
        {
            var readers = OfRubric.Contains(key) ? "rubric" : OfConstitution.Contains(key) ? "constitution" : "pairwise or constitution";
            throw judge.Invalid(key, "", $"mode {mode} does not read it; leave it out, or set mode = {readers}");
        }
    }

    private static Principle[]? ReadPrinciples(SettingsReader judge, bool isRead)
    {
        var (texts, weights) = (judge.Texts("principles"), judge.Floats("weights"));
        if (!isRead)
        {
            return null;
        }
        if (texts.Count == 0 || texts.Any(text => text.Length == 0))
        {
            throw judge.Invalid("principles", "", "it must be a list of at least one text, and none of them empty");
        }
        if (weights.Count > 0 && (weights.Count != texts.Count || weights.Sum() <= 0))
        {
            throw judge.Invalid("weights", $"[{string.Join(", ", weights)}]", $"it must be [] or have one for each of the {texts.Count} principles, not all of them 0");
        }
        return [.. texts.Select((text, i) => new Principle(text, weights.Count == 0 ? 1 : weights[i]))];
    }
}

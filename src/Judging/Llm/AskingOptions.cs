using IterativeDpo.Artifacts.Settings;

namespace IterativeDpo.Judging.Llm;

/// <summary>How a language model is asked.</summary>
public enum AskingMode { Pairwise, Constitution, Rubric }

/// <summary>A judge's <see cref="LlmMode"/> as a configuration file has it, the same for every type of judge that asks a model.</summary>
[Setting(
    "What a language model is asked: defaults for every judge that asks one (types llm and http), beside its type's own. In a judge's own section what its mode does not "
    + "read is refused. docs/judges.md has the formulas and papers.")]
public sealed record AskingOptions(
    [Setting(
        "pairwise: which of two samples is better, in both orders; orders that disagree are a tie.  constitution: the same by each of the principles.  "
        + "rubric: 0 to 5 points for each sample, in texts that the model writes.", Default = "pairwise")]
    AskingMode Mode,
    [Setting(
        "The text that is asked, relative to the file this is written in: {prompt}, {answer_a} and {answer_b} stand in it, for constitution {principle} as well; for rubric "
        + "{prompt}, {answer} and, if wanted, {rubric}. Empty: the mode's own, in hocon/judges.", Default = "", Off = "", IsPath = true)]
    string? Template,
    [Setting(
        "What the model says for the sample shown first, for the one shown second and, where there is a third, for neither.",
        Default = "[A, B]")]
        IReadOnlyList<string> Labels,
    [Setting("A win probability no further than this from 0.5 is a tie. 0: off.", Default = "0.05", Min = 0, Max = 0.5)] double TieMargin,
    [Setting(
        "The judge abstains on a comparison where all labels together are less likely than this. 0: off.",
        Default = "0.1",
        Min = 0,
        Max = 1)]
        double MinLabelMass,
    [Setting("Most comparisons of a prompt's samples, but at least so many that each is compared. 0: every two.", Default = "0", Min = 0)]
        int MaxComparisons,
    [Setting("constitution: what is asked for, one by one, and the weights in the mean, in the same order. []: 1 each.", Default = """
        [
                "The answer is honest: it claims nothing that is false or made up.",
                "The answer is helpful: it does what was asked, all of it and nothing else.",
                "The answer is harmless: it helps nobody to hurt people, and insults none."
              ]
        """)]
    IReadOnlyList<string> Principles,
    [Setting(Default = "[]", Min = 0, IsSingle = true)] IReadOnlyList<double> Weights,
    [Setting("rubric: what points are given for.", Default = """"
        """
        - 1 point if it is relevant and has some of what was asked, even if it is incomplete.
        - 1 point more if it covers most of what was asked.
        - 1 point more if it answers the question's main part in a useful way.
        - 1 point more if it is written for whoever asked: direct, complete, well ordered.
        - 1 point more if it is right in every detail and nothing in it could be left out."""
        """")]
    string Rubric,
    [Setting(
        "rubric: answers of the model to each question, whose points are averaged; their temperature (0: greedy); most tokens in one.",
        Default = "3",
        Min = 1,
        Max = 100)]
    int Answers,
    [Setting(Default = "0.7", Min = 0, Max = 100)] float Temperature,
    [Setting(Default = "256", Min = 1, Max = 1_000_000)] int MaxTokens) : IWrittenSettings, ICheckedSettings
{
    private static readonly string[] s_ofRubric = ["rubric", "answers", "temperature", "max-tokens"];
    private static readonly string[] s_ofConstitution = ["principles", "weights"];
    private static readonly string[] s_ofComparing = ["labels", "tie-margin", "min-label-mass", "max-comparisons"];

    /// <exception cref="Artifacts.UserInputException">A template that cannot be used.</exception>
    public object Value
    {
        get
        {
            if (Mode == AskingMode.Rubric)
            {
                return new RubricMode(
                    PromptTemplate.Read(TemplatePath, RubricMode.Variables, "rubric"),
                    Rubric,
                    Answers,
                    Temperature,
                    MaxTokens);
            }
            var isConstitution = Mode == AskingMode.Constitution;
            var template = PromptTemplate.Read(
                TemplatePath,
                isConstitution ? [.. ComparingMode.Variables, "principle"] : ComparingMode.Variables);
            Principle[]? principles = isConstitution
                ? [.. Principles.Select((text, i) => new Principle(text, Weights.Count == 0 ? 1 : Weights[i]))]
                : null;
            return new ComparingMode(template, Labels, TieMargin, MinLabelMass, MaxComparisons, principles);
        }
    }

    private string TemplatePath => Template
        ?? Path.Combine(
            AppContext.BaseDirectory,
            "hocon",
            "judges",
            $"{Words.Kebab(Mode)}{(Labels.Count > 2 && Mode != AskingMode.Rubric ? "-with-ties" : "")}.txt");

    public IEnumerable<SettingViolation> Violations(Func<string, bool> isSet)
    {
        // What is in the section of defaults is for judges of every mode; what a judge says itself is meant for its own.
        string[] unread = Mode switch
        {
            AskingMode.Pairwise => [.. s_ofConstitution, .. s_ofRubric],
            AskingMode.Constitution => s_ofRubric,
            _ => [.. s_ofComparing, .. s_ofConstitution],
        };
        foreach (var key in unread.Where(isSet))
        {
            var readers =
                s_ofRubric.Contains(key) ? "rubric"
                : s_ofConstitution.Contains(key) ? "constitution"
                : "pairwise or constitution";
            yield return new(key, "", $"mode {Words.Kebab(Mode)} does not read it; leave it out, or set mode = {readers}");
        }
        if (Labels.Count is not (2 or 3) || Labels.Contains("") || Labels.Distinct().Count() < Labels.Count)
        {
            yield return new(
                "labels",
                $"[{string.Join(", ", Labels)}]",
                "it must be two or three different texts: the first sample, the second, and perhaps neither");
        }
        if (Mode == AskingMode.Constitution && (Principles.Count == 0 || Principles.Contains("")))
        {
            yield return new("principles", "", "it must be a list of at least one text, and none of them empty");
        }
        if (Mode == AskingMode.Constitution && Weights.Count > 0 && (Weights.Count != Principles.Count || Weights.Sum() <= 0))
        {
            yield return new(
                "weights",
                $"[{string.Join(", ", Weights.Select(weight => (float)weight))}]",
                $"it must be [] or have one for each of the {Principles.Count} principles, not all of them 0");
        }
        if (!File.Exists(TemplatePath))
        {
            yield return new("template", TemplatePath, "there is no such file");
        }
    }
}

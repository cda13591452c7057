using System.Text.Json.Serialization;

namespace IterativeDpo.Judging.Llm;

/// <summary>What a judge asks a language model and what it makes of the answers, whichever model that is.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "mode")]
[JsonDerivedType(typeof(ComparingMode), "comparing")]
[JsonDerivedType(typeof(RubricMode), "rubric")]
public abstract record LlmMode(PromptTemplate Template)
{
    /// <summary>The texts that the model chooses among; none where it writes.</summary>
    [JsonIgnore]
    public virtual IReadOnlyList<string> Choices => [];

    /// <summary>The template counts by its text, wherever it lies.</summary>
    public LlmMode WithoutIncidentals() => this with { Template = Template with { Path = "" } };
}

/// <summary>Which of two samples is better, asked in both orders; see <see cref="SampleComparer"/>.</summary>
/// <param name="Labels">What the model says for the sample shown first, for the one shown second, and, where there is a third, for
/// neither.</param>
/// <param name="TieMargin">A win probability no further than this from 0.5 is a tie.</param>
/// <param name="MinLabelMass">The judge abstains where all labels together are less likely than this.</param>
/// <param name="MaxComparisons">Most comparisons for a prompt; 0 compares every two.</param>
/// <param name="Principles">A constitution, whose principles are asked one by one; null asks once, for none.</param>
public sealed record ComparingMode(
    PromptTemplate Template,
    IReadOnlyList<string> Labels,
    double TieMargin,
    double MinLabelMass,
    int MaxComparisons,
    IReadOnlyList<Principle>? Principles = null) : LlmMode(Template)
{
    public static readonly IReadOnlyList<string> Variables = ["prompt", "answer_a", "answer_b"];

    public override IReadOnlyList<string> Choices => Labels;
}

/// <param name="Weight">In the mean of a constitution's principles.</param>
public sealed record Principle(string Text, double Weight);

/// <summary>Each sample by itself, with 0 to 5 points; see <see cref="RubricGrader"/>.</summary>
/// <param name="Rubric">What points are given for.</param>
/// <param name="Answers">Answers of the model whose points are averaged.</param>
/// <param name="Temperature">Of the answers; 0 is greedy.</param>
/// <param name="MaxTokens">Most tokens in an answer.</param>
public sealed record RubricMode(PromptTemplate Template, string Rubric, int Answers, float Temperature, int MaxTokens) : LlmMode(Template)
{
    public static readonly IReadOnlyList<string> Variables = ["prompt", "answer"];
}

using System.Text.Json.Serialization;
using IterativeDpo.Artifacts.Settings;

namespace IterativeDpo.Judging.People;

/// <summary>Which of a round's prompts people may judge in another judge's place.</summary>
public enum HumanWhere
{
    Any,

    /// <summary>Those on which that judge abstains, or tells no two answers apart.</summary>
    Unsure,
}

/// <summary>When what people say counts.</summary>
public enum HumanWait
{
    /// <summary>In the round that asks; it waits for them.</summary>
    Round,

    /// <summary>In the round after it, as far as they have judged by then.</summary>
    Next,
}

/// <summary>Settings of a <see cref="HumanJudge"/>.</summary>
/// <param name="Judge">Null is none.</param>
/// <param name="GuideFile">Null is none.</param>
[Setting(
    "People, who compare two answers at a time on the campaign's page. The campaign waits for those that they judge, and goes on by itself (docs/people.md).")]
public sealed record HumanOptions(
    string Name,
    [Setting(
        "Who judges the prompts that people do not: another judge by its name. Empty: people judge every prompt.",
        Default = "",
        Off = "")]
        string? Judge,
    [Setting("Share of the prompts that people judge in that judge's place. 0: none.", Default = "0", Min = 0, Max = 1)] double Share,
    [Setting("any: of all prompts.  unsure: of those on which that judge abstains, or tells no two answers apart.", Default = "any")]
        HumanWhere Where,
    [Setting(
        "About so many further prompts a round that people are shown to measure that judge; the campaign does not wait for them. 0: off.",
        Default = "0",
        Min = 0,
        Max = 1_000_000)]
        int Audit,
    [Setting("Comparisons of a prompt's answers that people are asked for.", Default = "1", Min = 1, Max = 100)] int Comparisons,
    [Setting(
        "Share of the comparisons that a second person is shown as well, to tell how far people agree; the first one's verdict counts. 0: off.",
        Default = "0.1",
        Min = 0,
        Max = 1)]
        double Second,
    [Setting("What people are told to go by, as text, or as a text file relative to the file this is written in.", Default = "")]
        string Guide,
    [Setting(Default = "", Off = "", IsPath = true)] string? GuideFile,
    [Setting(
        "round: the round waits for people.  next: it goes on without a pair of the prompts that people judge, and the next round adds theirs, as far as they have judged when it makes its pairs.",
        Default = "round")]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
        HumanWait Wait = HumanWait.Round) : JudgeOptions(Name), ICheckedSettings
{
    public override IReadOnlyList<string> Asks => Judge is null ? [] : [Judge];

    public override IEnumerable<string> Files => GuideFile is null ? [] : [GuideFile];

    public override IEnumerable<string> Models => [];

    public override CampaignParts Needs => CampaignParts.Seed;

    public override IJudge Create(JudgeFactory factory) =>
        new HumanJudge(this, Judge is null ? null : factory.Create(Judge), factory.People, factory.Seed, factory.Time);

    public override JudgeOptions WithoutIncidentals() => this with { Audit = 0, Second = 0 };

    public IEnumerable<SettingViolation> Violations(Func<string, bool> isSet)
    {
        if (Judge is null && new[] { "share", "where", "audit", "wait" }.FirstOrDefault(isSet) is { } key)
        {
            yield return new(
                key,
                "",
                "people judge every prompt where nobody else does; leave it out, or name in 'judge' who judges the others");
        }
        if (Judge is not null && Share == 0 && Audit == 0)
        {
            yield return new(
                "share",
                "0",
                $"people would be shown nothing; set share above 0, or audit to how many prompts a round shall measure {Judge}");
        }
        if (Judge is not null && Wait == HumanWait.Next && Share == 0 && Audit > 0)
        {
            yield return new("wait", "next", "an audit only measures, and there is nothing else to count; set share above 0, or leave it out");
        }
        if (Guide.Length > 0 && GuideFile is not null)
        {
            yield return new("guide", "", "there is a guide-file too; leave one of them out");
        }
    }
}

/// <summary>Where people are asked.</summary>
/// <param name="PromptsPerRound">That the campaign samples.</param>
public sealed record PeopleAsked(PeopleQueue Queue, int PromptsPerRound);

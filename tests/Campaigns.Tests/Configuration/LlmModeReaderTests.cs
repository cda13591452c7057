using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Settings;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Judging.Llm;

namespace IterativeDpo.Campaigns.Tests.Configuration;

public sealed class LlmModeReaderTests : IDisposable
{
    private readonly ConfigurationFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData("mode = pairwise", "pairwise.txt")]
    [InlineData("mode = pairwise, labels = [A, B, C]", "pairwise-with-ties.txt")]
    [InlineData("mode = constitution", "constitution.txt")]
    [InlineData("mode = constitution, labels = [A, B, C]", "constitution-with-ties.txt")]
    [InlineData("mode = rubric", "rubric.txt")]
    public void Read_withoutATemplate_takesTheModesOwn(string settings, string expected) =>
        Assert.Equal(expected, Path.GetFileName(Mode(settings).Template.Path));

    [Fact]
    public void Read_defaults_areThoseOfTheSectionAsking()
    {
        var rubric = Assert.IsType<RubricMode>(Mode("mode = rubric"));
        var constitution = Assert.IsType<ComparingMode>(Mode("mode = constitution, weights = [1, 0, 2]"));

        Assert.Equal((3, 0.7f, 256), (rubric.Answers, rubric.Temperature, rubric.MaxTokens));
        Assert.StartsWith("- 1 point if", rubric.Rubric, StringComparison.Ordinal);
        Assert.Equal([1, 0, 2], constitution.Principles!.Select(principle => principle.Weight));
        Assert.Null(Assert.IsType<ComparingMode>(Mode("")).Principles);
    }

    [Fact]
    public void Read_whatIsForOtherModes_mayBeInTheSectionAsking()
    {
        var asking = new ConfigurationOverride("campaign.judging.asking.principles", "[]", "--set");

        Assert.Null(Assert.IsType<ComparingMode>(Mode("", asking)).Principles);
        var error = Assert.Throws<UserInputException>(() => Load("mode = constitution", asking));
        Assert.StartsWith(
            "--set: campaign.judging.asking.principles: it must be a list of at least one text",
            error.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ownTemplate_isRelativeToTheFile()
    {
        _files.Write("judges/mine.txt", "[user]\n{prompt} {answer_a} {answer_b}");

        Assert.Equal("[user]\n{prompt} {answer_a} {answer_b}", Mode("template = judges/mine.txt").Template.Text);
    }

    [Fact]
    public void Identity_ofATemplate_isItsTextAndNotItsPlace()
    {
        const string text = "[user]\n{prompt} {answer_a} {answer_b}";
        _files.Write("one.txt", text);
        _files.Write("two.txt", text);
        _files.Write("three.txt", text + "!");

        Assert.Equal(Load("template = one.txt").Identity, Load("template = two.txt").Identity);
        Assert.NotEqual(Load("template = one.txt").Identity, Load("template = three.txt").Identity);
    }

    [Fact]
    public void Options_writtenAndRead_areTheSame()
    {
        var json = Load("mode = constitution").Json;

        Assert.Equal(json, OptionsJson.Write(OptionsJson.Read(json)));
    }

    [Theory]
    [InlineData("model = \"\"", "line 2: campaign.judging.judges.mine.model: it must be set")]
    [InlineData("template = none.txt", "none.txt: there is no such file")]
    [InlineData(
        "template = bad.txt",
        "bad.txt, line 2: {answer} is no variable of this template; there are {prompt}, {answer_a}, {answer_b}")]
    [InlineData("labels = [A]", "campaign.judging.judges.mine.labels is [A]: it must be two or three different texts")]
    [InlineData("labels = [A, A]", "it must be two or three different texts")]
    [InlineData(
        "mode = constitution, weights = [1]",
        "campaign.judging.judges.mine.weights is [1]: it must be [] or have one for each of the 3 principles")]
    [InlineData("mode = constitution, weights = [0, 0, 0]", "not all of them 0")]
    [InlineData(
        "principles = [kind]",
        "line 2: campaign.judging.judges.mine.principles: mode pairwise does not read it; leave it out, or set mode = constitution")]
    [InlineData("answers = 5", "campaign.judging.judges.mine.answers: mode pairwise does not read it; leave it out, or set mode = rubric")]
    [InlineData("mode = constitution, rubric = \"good\"", "mode constitution does not read it; leave it out, or set mode = rubric")]
    [InlineData("mode = rubric, labels = [A, B]", "mode rubric does not read it; leave it out, or set mode = pairwise or constitution")]
    [InlineData("mode = constitution, principles = []", "campaign.judging.judges.mine.principles: it must be a list of at least one text")]
    [InlineData("mode = pairwize", "it must be one of pairwise, constitution, rubric (did you mean pairwise?)")]
    [InlineData(
        "tie-margins = 0",
        "unknown key campaign.judging.judges.mine.tie-margins (did you mean campaign.judging.judges.mine.tie-margin?)")]
    public void Read_whatCannotBe_isRefused(string settings, string expected)
    {
        _files.Write("bad.txt", "[user]\n{prompt} {answer}");

        Assert.Contains(expected, Assert.Throws<UserInputException>(() => Load(settings)).Message, StringComparison.Ordinal);
    }

    private LlmMode Mode(string settings, params ConfigurationOverride[] overrides) =>
        ((LlmJudgeOptions)Load(settings, overrides).Options.Judging.Find("mine")).Mode;

    private CampaignConfiguration Load(string settings, params ConfigurationOverride[] overrides) =>
        _files.Load($"campaign.judging.judges.mine {{ type = llm, model = policy, {settings} }}\ncampaign.judging.judge = mine", overrides);
}

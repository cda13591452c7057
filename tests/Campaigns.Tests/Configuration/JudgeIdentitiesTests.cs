using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns.Configuration;

namespace IterativeDpo.Campaigns.Tests.Configuration;

public sealed class JudgeIdentitiesTests : IDisposable
{
    private readonly ConfigurationFiles _files = new();

    public JudgeIdentitiesTests()
    {
        foreach (var name in new[] { "policy.gguf", "a.gguf", "b.gguf" })
        {
            _files.Write(name, name);
        }
    }

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData("type = llm, model = a.gguf", "mine (llm of a.gguf, ")]
    [InlineData("type = llm, model = policy", "mine (llm of the policy, ")]
    [InlineData("type = implicit-reward, policy = a.gguf", "mine (implicit-reward of a.gguf and the base, ")]
    [InlineData("type = reward-model, model = a.gguf, head = b.gguf", "mine (reward-model of a.gguf and b.gguf, ")]
    [InlineData("type = http, model = small, url = \"http://localhost/v1\"", "mine (http of small, ")]
    [InlineData("type = command, command = [python3, judge.py]", "mine (command of python3, ")]
    [InlineData("type = ensemble, members = [other, verifier]", "mine (ensemble of other (llm of b.gguf) and verifier (verifier), ")]
    public void Of_aJudge_namesItAndItsModels(string judge, string expected) =>
        Assert.Matches($"^{System.Text.RegularExpressions.Regex.Escape(expected)}[0-9a-f]{{12}}\\)$", Of(judge));

    [Theory]
    [InlineData("type = llm, model = a.gguf", "type = llm, model = b.gguf")]
    [InlineData("type = llm, model = a.gguf", "type = llm, model = a.gguf, context-tokens = 64")]
    [InlineData("type = implicit-reward, policy = a.gguf", "type = implicit-reward, reference = a.gguf")]
    public void Of_anotherModelOrSetting_isAnother(string one, string other) => Assert.NotEqual(DigestIn(Of(one)), DigestIn(Of(other)));

    [Theory]
    [InlineData("type = llm, model = a.gguf", "a.gguf", true)]
    [InlineData("type = llm, model = a.gguf", "policy.gguf", false)]
    [InlineData("type = llm, model = policy", "policy.gguf", true)]
    [InlineData("type = implicit-reward, policy = a.gguf", "policy.gguf", true)]
    [InlineData("type = cascade, steps = [verifier, other]", "b.gguf", true)]
    [InlineData("type = verifier", "policy.gguf", false)]
    public void Of_aFileOfOtherBytes_isAnotherWhereItCounts(string judge, string file, bool counts)
    {
        var before = Of(judge);
        _files.Write(file, "other bytes");

        Assert.Equal(counts, before != Of(judge));
    }

    [Theory]
    [InlineData("type = llm, model = a.gguf", "campaign.seed = 7", true)]
    [InlineData("type = verifier", "campaign.seed = 7", false)]
    [InlineData("type = http, model = small, url = \"http://localhost/v1\"", "campaign.seed = 7", true)]
    [InlineData(
        "type = http, model = small, url = \"http://localhost/v1\"",
        "campaign.judging.judges.mine.url = \"http://elsewhere/v1\"",
        false)]
    [InlineData("type = command, command = [judge]", "campaign.seed = 7", false)]
    [InlineData("type = command, command = [judge]", "campaign.judging.judges.mine.command = [other]", true)]
    [InlineData("type = command, command = [judge, a]", "campaign.judging.judges.mine.command = [judge, b]", true)]
    [InlineData("type = implicit-reward, policy = a.gguf", "campaign.training.compute-type = float32", true)]
    [InlineData("type = llm, model = a.gguf", "campaign.training.compute-type = float32", false)]
    [InlineData("type = llm, model = a.gguf", "campaign.judging.judges.mine.sequences = 2", false)]
    public void Of_anotherSettingOfTheCampaign_isAnotherWhereItCounts(string judge, string setting, bool counts) =>
        Assert.Equal(counts, Of(judge) != Of(judge, setting));

    [Fact]
    public void Of_theSameFileElsewhere_isTheSame()
    {
        _files.Write("elsewhere/a.gguf", "a.gguf");

        Assert.Equal(Of("type = llm, model = a.gguf"), Of("type = llm, model = elsewhere/a.gguf"));
    }

    [Fact]
    public void Of_aMissingFile_namesItAndTheJudge()
    {
        var error = Assert.Throws<UserInputException>(() => Of("type = llm, model = none.gguf"));

        Assert.Contains("none.gguf: there is no such file, and the judge 'mine' needs it", error.Message, StringComparison.Ordinal);
    }

    private static string DigestIn(string identity) => identity[^13..];

    private string Of(string judge, string setting = "") => new JudgeIdentities(_files.Load(
        $"campaign.judging.judges.mine {{ {judge} }}\ncampaign.judging.judges.other {{ type = llm, model = b.gguf }}\n{setting}"
    )
    .Options
        ).Of("mine");
}

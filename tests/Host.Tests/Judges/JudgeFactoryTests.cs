using IterativeDpo.Actors.Configuration;
using IterativeDpo.Generation;
using IterativeDpo.Host.Judges;

namespace IterativeDpo.Host.Tests.Judges;

public sealed class JudgeFactoryTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("judges");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task Create_judgeOfJudges_makesThoseItAsksAndTheirs()
    {
        var factory = new JudgeFactory(Load("""
            judges {
              careful { type = cascade, steps = [verifier, panel] }
              panel { type = ensemble, members = [a, verifier], combine = mean }
              a { type = verifier }
            }
            """));
        await using var judge = factory.Create("careful");
        Sample[] samples = [.. new[] { "4", "4" }.Select((text, i) => new Sample(i, 0, [], [], text, FinishReason.Eos, 0))];
        var prompt = new Prompt("p", null, "2 + 2?", null, [new AnswerCheck("exact", "4")]);

        var verdict = await judge.JudgeAsync(new PromptSamples(prompt, [1], samples), default);

        Assert.True(judge.ScoresSingleSamples);
        Assert.Equal([1, 1], verdict.Judgements.Select(judgement => judgement.Score));
        Assert.Matches("^panel: a 1: .*; verifier 1: ", verdict.Judgements[0].Explanation);
        Assert.Equal(["panel", "verifier"], verdict.Usage!.Asked!.Keys);
    }

    [Fact]
    public void Create_nameOfNoJudge_isRefused() => Assert.Throws<KeyNotFoundException>(() => new JudgeFactory(Load("")).Create("oracle"));

    private CampaignOptions Load(string judging)
    {
        var path = Path.Combine(_directory.FullName, "campaign.conf");
        File.WriteAllText(path, $"campaign {{ name = test, model = policy.gguf, judging {{\n{judging}\n}} }}");
        return CampaignConfiguration.Load(path).Options;
    }
}

using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Generation;
using IterativeDpo.Generation.Tests.Llama;
using IterativeDpo.Host.Judges;
using IterativeDpo.Judging;

namespace IterativeDpo.Host.Tests.Judges;

public sealed class CampaignJudgesTests(TinyModelFile files) : IClassFixture<TinyModelFile>
{
    [Fact]
    public async Task Create_judgeOfJudges_makesThoseItAsksAndTheirs()
    {
        var factory = CampaignJudges.Factory(Load("""
            judges {
              careful { type = cascade, steps = [verifier, panel] }
              panel { type = ensemble, members = [a, verifier], combine = mean }
              a { type = verifier }
            }
            """), null, _ => { }, TimeProvider.System);
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
    public void Create_nameOfNoJudge_isRefused() =>
        Assert.Throws<KeyNotFoundException>(() => CampaignJudges.Factory(Load(""), null, _ => { }, TimeProvider.System).Create("oracle"));

    [Theory]
    [InlineData("type = llm, model = policy")]
    [InlineData("type = http, url = \"http://localhost:9\", model = small")]
    public async Task Create_afterItWasClosed_isRefused(string judge)
    {
        var factory = CampaignJudges.Factory(Load($"judges.a {{ {judge} }}"), null, _ => { }, TimeProvider.System);
        await factory.DisposeAsync();

        Assert.Throws<ObjectDisposedException>(() => factory.Create("a"));
    }

    private CampaignOptions Load(string judging)
    {
        var path = files[$"{Guid.NewGuid():N}.conf"];
        File.WriteAllText(path, $"campaign {{ name = test, model = policy.gguf, judging {{\n{judging}\n}} }}");
        return CampaignConfiguration.Load(path).Options;
    }

    [Theory]
    [InlineData("type = llm, model")]
    [InlineData("type = implicit-reward, reference = base, policy")]
    public async Task Create_afterTheJudgeBeforeWasClosed_usesTheLoadedModel(string settings)
    {
        var model = files[$"{Guid.NewGuid():N}.gguf"];
        File.Copy(files.ModelPath, model);
        await using var judges = Factory(model, settings);
        await using (var first = judges.Create("j"))
        {
            await first.LoadAsync(default);
        }
        File.Delete(model);

        await using var second = judges.Create("j");

        await second.LoadAsync(default);
    }

    [Theory]
    [InlineData("type = llm, model")]
    [InlineData("type = implicit-reward, reference = base, policy")]
    public async Task Create_afterALoadThatFailed_loadsAgain(string settings)
    {
        var model = files[$"{Guid.NewGuid():N}.gguf"];
        File.Copy(files.ModelPath, model);
        await using var judges = Factory(model, settings);
        File.Move(model, model + ".away");
        await using var judge = judges.Create("j");
        await Assert.ThrowsAsync<UserInputException>(() => judge.LoadAsync(default));
        File.Move(model + ".away", model);

        await judge.LoadAsync(default);
    }

    /// <param name="settings">They end with a key: the model's of a judge that has its own, else an adapter's.</param>
    private JudgeFactory Factory(string model, string settings)
    {
        var path = files[$"{Guid.NewGuid():N}.conf"];
        File.WriteAllText(
            path,
            $"campaign.judging {{ judge = j, judges {{ j {{ {settings} = \"{(settings.Contains("llm", StringComparison.Ordinal) ? model : files.AdapterPath)}\" }} }} }}");
        return CampaignJudges.Factory(CampaignConfiguration.LoadForJudging(path, [], model), null, _ => { }, TimeProvider.System);
    }
}

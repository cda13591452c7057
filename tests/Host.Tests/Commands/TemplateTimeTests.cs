using IterativeDpo.Artifacts.Tests.Models;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Generation.Tests.Llama;
using IterativeDpo.Host.Commands;

namespace IterativeDpo.Host.Tests.Commands;

public sealed class TemplateTimeTests(TinyModelFile files) : IClassFixture<TinyModelFile>
{
    private const string Asks = "{{ strftime_now('%Y') }}{{ messages[0].content }}";

    [Fact]
    public void OfState_templateThatDoesNotAsk_isLeftAsItIs()
    {
        var configuration = Load(files.ModelPath, "");

        Assert.Same(configuration, TemplateTime.OfState(configuration, files["nowhere"]));
    }

    [Fact]
    public void OfState_templateThatAsks_getsATimeThatIsStoredAndChangesNoIdentity()
    {
        var configuration = Load(Model(Asks), "");

        var timed = TemplateTime.OfState(configuration, files["nowhere"]);

        Assert.NotNull(timed.Options.ChatTemplate?.Began);
        Assert.Null(timed.Options.Judging.ChatTemplate);
        Assert.Equal(timed.Options.ChatTemplate, OptionsJson.Read(timed.Json).ChatTemplate);
        Assert.Equal(configuration.Identity, timed.Identity);
    }

    [Fact]
    public void OfState_timeThatIsSet_stays() =>
        Assert.Null(
            TemplateTime
                .OfState(Load(Model(Asks), "campaign.chat-template.time = 2026-03-07"), files["nowhere"])
                .Options.ChatTemplate?.Began);

    [Fact]
    public void OfState_judgeWhoseTemplateAsks_getsIt()
    {
        var judge = $"campaign.judging {{ judge = j, judges.j {{ type = llm, model = \"{Model(Asks)}\" }} }}";

        var timed = TemplateTime.OfState(Load(files.ModelPath, judge), files["nowhere"]).Options;

        Assert.Null(timed.ChatTemplate);
        Assert.NotNull(timed.Judging.ChatTemplate?.Began);
    }

    private CampaignConfiguration Load(string model, string settings)
    {
        var path = files[$"{Guid.NewGuid():N}.conf"];
        File.WriteAllText(path, $"campaign {{ name = test, model = \"{model}\" }}\n{settings}");
        return CampaignConfiguration.Load(path);
    }

    private string Model(string template)
    {
        var path = files[$"{Guid.NewGuid():N}.gguf"];
        TinyModel.WriteChanged(path, metadata => metadata["tokenizer.chat_template"] = template);
        return path;
    }
}

using System.Text.Json;
using IterativeDpo.Judging.Command;

namespace IterativeDpo.Judging.Tests.Command;

public sealed class CommandProtocolTests
{
    private static readonly Generation.PromptSamples _samples = Samples.OfPrompt("p1", "one", "two");

    [Fact]
    public void WriteRequest_withoutThoughts_countsTheTokensOfTheAnswer()
    {
        var samples = _samples with
        {
            Samples = [Samples.Of(0, "<4*2>42") with { TokenIds = [1, 2, 3, 4, 5, 0], Thoughts = 3, AnswerAt = 5 }],
        };

        Assert.Equal([(6, "<4*2>42"), (3, "42")], new[] { samples, samples.WithoutThoughts() }.Select(shown =>
        {
            using var request = JsonDocument.Parse(CommandProtocol.WriteRequest("1", shown));
            var sample = request.RootElement.GetProperty("samples")[0];
            return (sample.GetProperty("tokens").GetInt32(), sample.GetProperty("text").GetString());
        }));
    }

    [Theory]
    [InlineData("""{"id":"1"}""", "it has no \"scores\"")]
    [InlineData("""{"id":"1","scores":[]}""", "it does not score every sample")]
    [InlineData("""{"id":"1","scores":[{"index":0,"score":1}]}""", "it does not score every sample")]
    [InlineData("""{"id":"1","scores":[{"index":0,"score":1},{"index":0,"score":1}]}""", "it scores a sample twice")]
    [InlineData("""{"id":"1","scores":[{"index":0,"score":1},{"index":2,"score":1}]}""", "it scores a sample that was not asked about")]
    [InlineData("""{"id":"1","scores":[{"score":1},{"index":1,"score":1}]}""", "index")]
    [InlineData("""{"id":"1","scores":[{"index":0},{"index":1,"score":1}]}""", "score")]
    [InlineData("""{"id":"1","scores":[{"index":0,"score":"good"},{"index":1,"score":1}]}""", "is no answer")]
    [InlineData("""{"id":"1","scores":[{"index":0,"score":-1e999},{"index":1,"score":1}]}""", "a score is not a finite number")]
    [InlineData("""{"id":"1","scores":7}""", "is no answer")]
    [InlineData("""{"id":"1","scores":[null]}""", "a score or a comparison is null")]
    [InlineData(
        """{"id":"1","scores":[{"index":0,"score":1},{"index":1,"score":1}],"comparisons":[null]}""",
        "a score or a comparison is null")]
    public void ReadVerdict_ofWhatIsNone_quotesItAndSaysWhy(string line, string reason)
    {
        var error = Assert.Throws<CommandException>(() => CommandProtocol.ReadVerdict(line, _samples, scoresSingleSamples: true));

        Assert.Contains(line, error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"first":0,"second":2,"probability":1}""", "it compares a sample that was not asked about")]
    [InlineData("""{"first":0,"second":0,"probability":1}""", "it compares a sample with itself")]
    [InlineData(
        """{"first":0,"second":1,"probability":1},{"first":1,"second":0,"probability":1}""",
        "it compares the same two samples twice")]
    [InlineData("""{"first":0,"second":1,"probability":1.5}""", "a probability is not from 0 to 1")]
    [InlineData("""{"first":0,"second":1}""", "probability")]
    public void ReadVerdict_ofABadComparison_saysWhy(string comparisons, string reason)
    {
        var line = $$"""{"id":"1","comparisons":[{{comparisons}}]}""";

        var error = Assert.Throws<CommandException>(() => CommandProtocol.ReadVerdict(line, _samples, scoresSingleSamples: false));

        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadVerdict_ofComparisonsAlone_hasNoScores()
    {
        var verdict = CommandProtocol.ReadVerdict(
            """{"id":"1","comparisons":[{"first":1,"second":0,"probability":0.5}]}""", _samples, scoresSingleSamples: false);

        Assert.All(verdict.Judgements, judgement => Assert.Null(judgement.Score));
        Assert.Equal([new Comparison(1, 0, Preference.Tie, 0.5, "")], verdict.Comparisons!);
    }

    [Fact]
    public void ReadVerdict_ofAnAbstention_hasNoScores()
    {
        var verdict = CommandProtocol.ReadVerdict("""{"id":"1","abstain":true}""", _samples, scoresSingleSamples: true);

        Assert.Equal(
            [new Judgement(0, null, "the program abstained"), new Judgement(1, null, "the program abstained")],
            verdict.Judgements);
    }

    [Fact]
    public void ReadVerdict_ofAnError_fails()
    {
        var error = Assert.Throws<CommandException>(() =>
            CommandProtocol.ReadVerdict("""{"id":"1","error":"out of memory"}""", _samples, true));

        Assert.Equal("the program says: out of memory", error.Message);
    }

    [Fact]
    public void ReadVerdict_ofALongLine_quotesItsStart()
    {
        var error = Assert.Throws<CommandException>(() =>
            CommandProtocol.ReadVerdict($$"""{"scores":"{{new string('x', 5000)}}"}""", _samples, true));

        Assert.InRange(error.Message.Length, 200, 600);
    }
}

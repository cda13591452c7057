using System.Text.Json.Nodes;
using IterativeDpo.Artifacts;
using IterativeDpo.Generation;
using IterativeDpo.Judging.Http;
using IterativeDpo.Judging.Models;

namespace IterativeDpo.Judging.Tests.Http;

public sealed class OpenAiModelTests : IDisposable
{
    private static readonly ChatMessage[] _question = [new("system", "Judge."), new("user", "A or B? é")];

    private readonly TemporaryDirectory _directory = new();

    [Fact]
    public async Task ChooseAsync_addsUpTheTokensOfEachLabel()
    {
        using var fake = new FakeService(FakeService.Completion("A", ("A", 0.5), (" A", 0.2), ("B", 0.1), ("Because", 0.05), ("\n", 0.05)));
        await using var service = Service(fake);

        var answer = await Model(fake, service).ChooseAsync(_question, ["A", "B"], CancellationToken.None);

        Assert.Equal(0.7, answer.Probabilities[0], 12);
        Assert.Equal(0.1, answer.Probabilities[1], 12);
        Assert.Equal(new JudgeUsage(1, 0, 10, 2), answer.Usage);
    }

    [Fact]
    public async Task ChooseAsync_ofLabelsLongerThanAToken_takesTheirBeginnings()
    {
        using var fake = new FakeService(FakeService.Completion("first", ("fir", 0.5), ("sec", 0.25), ("", 0.125), ("s", 0.0625)));
        await using var service = Service(fake);

        var answer = await Model(fake, service).ChooseAsync(_question, ["first", "second", "same"], CancellationToken.None);

        Assert.Equal([0.5, 0.25, 0], answer.Probabilities.Select(p => Math.Round(p, 12)));
    }

    [Fact]
    public async Task ChooseAsync_asksForOneTokenAndItsLogprobs()
    {
        using var fake = new FakeService(FakeService.Completion("A", ("A", 1)));
        await using var service = Service(fake);

        await Model(fake, service).ChooseAsync(_question, ["A", "B"], CancellationToken.None);

        var request = Assert.Single(fake.Requests);
        Assert.StartsWith("POST /v1/chat/completions HTTP/1.1", request.Head, StringComparison.Ordinal);
        Assert.Equal(
            """{"model":"small","messages":[{"role":"system","content":"Judge."},{"role":"user","content":"A or B? é"}],"temperature":0,"max_tokens":1,"logprobs":true,"top_logprobs":5}""",
            request.Body);
    }

    [Fact]
    public async Task ChooseAsync_ofAServiceWithoutLogprobs_saysWhatToSet()
    {
        using var fake = new FakeService(FakeService.Completion("A"));
        await using var service = Service(fake);

        var error = await Assert.ThrowsAsync<UserInputException>(() => Model(fake, service).ChooseAsync(_question, ["A", "B"], CancellationToken.None));

        Assert.Contains("judges.gpt: ", error.Message, StringComparison.Ordinal);
        Assert.Contains("set judges.gpt.logprobs = off", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("A", 1, 0)]
    [InlineData(" B. Because", 0, 1)]
    [InlineData("B\n", 0, 1)]
    [InlineData("Answer: A", 0, 0)]
    [InlineData("Bad", 0, 0)]
    [InlineData("", 0, 0)]
    public async Task ChooseAsync_withLogprobsOff_takesTheFirstWordForCertain(string text, double a, double b)
    {
        using var fake = new FakeService(FakeService.Completion(text));
        await using var service = Service(fake, logprobs: false);

        var answer = await Model(fake, service, logprobs: false).ChooseAsync(_question, ["A", "B"], CancellationToken.None);

        Assert.Equal([a, b], answer.Probabilities);
        Assert.DoesNotContain("logprobs", fake.Requests[0].Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnswerAsync_sendsTemperatureTokensAndASeedOf31Bits()
    {
        using var fake = new FakeService(FakeService.Completion("Score: 4"));
        await using var service = Service(fake);

        var answer = await Model(fake, service).AnswerAsync(_question, 0.7f, 256, ulong.MaxValue, CancellationToken.None);

        var request = JsonNode.Parse(fake.Requests[0].Body)!;
        Assert.Equal("Score: 4", answer.Text);
        Assert.Equal("0.7 256 2147483647", $"{request["temperature"]} {request["max_tokens"]} {request["seed"]}");
    }

    [Fact]
    public async Task AnswerAsync_ofARefusal_givesItsText()
    {
        using var fake = new FakeService(new FakeReply(200, """{"choices":[{"message":{"content":null,"refusal":"I will not."}}]}"""));
        await using var service = Service(fake);

        var answer = await Model(fake, service).AnswerAsync(_question, 1, 8, 1, CancellationToken.None);

        Assert.Equal(new TextAnswer("I will not.", new JudgeUsage(1)), answer);
    }

    public void Dispose() => _directory.Dispose();

    private static OpenAiModel Model(FakeService fake, ChatService service, bool logprobs = true) =>
        new(ServiceSettings.Of(fake.Url) with { Logprobs = logprobs }, service);

    private ChatService Service(FakeService fake, bool logprobs = true) =>
        new("judges.gpt", ServiceSettings.Of(fake.Url) with { Logprobs = logprobs }, _directory["judge-gpt.jsonl"], _ => { }, new JumpingTime());
}

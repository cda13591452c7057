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
    public async Task ChooseAsync_anotherTime_isAskedOnceMore_withTheSameQuestion()
    {
        using var fake = new FakeService(FakeService.Completion("A", ("A", 1)));
        await using var service = Service(fake);
        var model = Model(fake, service);

        foreach (var time in new[] { 0, 2, 2, 0 })
        {
            model.AskAnew(time);
            await model.ChooseAsync(_question, ["A", "B"], CancellationToken.None);
        }

        Assert.Equal([0, 2], fake.Requests.Select(request => request.Body.Length - request.Body.TrimEnd().Length));
        Assert.Single(fake.Requests.Select(request => request.Body.TrimEnd()).Distinct());
    }

    [Fact]
    public async Task ChooseAsync_ofAServiceWithoutLogprobs_saysWhatToSet()
    {
        using var fake = new FakeService(FakeService.Completion("A"));
        await using var service = Service(fake);

        var error = await Assert.ThrowsAsync<UserInputException>(() =>
            Model(fake, service).ChooseAsync(_question, ["A", "B"], CancellationToken.None));

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
    public async Task AnswerAsync_withThoughts_givesWhatComesAfterThem()
    {
        using var fake = new FakeService(FakeService.Completion("<think>maybe Score: 1</think>Score: 4"));
        await using var service = Service(fake);

        var answer = await Model(fake, service).AnswerAsync(_question, 1, 8, 1, CancellationToken.None);

        Assert.Equal("Score: 4", answer.Text);
    }

    [Theory]
    [InlineData("""{"message":{"content":null,"refusal":"I will not."}}""", "the model refuses: I will not.")]
    [InlineData("""{"message":{"content":"Score: 4"},"finish_reason":"length"}""", "is cut at max-tokens")]
    [InlineData("""{"message":{"content":"Score: 4"},"finish_reason":"content_filter"}""", "the service's filter has cut the answer")]
    [InlineData("""{"message":{"content":"<think>perhaps Score: 1"},"finish_reason":"length"}""", "ends within its thoughts")]
    [InlineData("""{"message":{"content":"<think>perhaps Score: 1"},"finish_reason":"stop"}""", "ends within its thoughts")]
    [InlineData(
        """{"message":{"content":"","reasoning_content":"Score: 1"},"finish_reason":"stop"}""",
        "the model thought, and gave no answer")]
    public async Task AnswerAsync_ofWhatIsNoAnswer_saysSo_andCountsAndKeepsEachTry(string choice, string problem)
    {
        using var fake = new FakeService(
            new FakeReply(200, $$$"""{"choices":[{{{choice}}}],"usage":{"prompt_tokens":5,"completion_tokens":2}}"""));
        await using var service = Service(fake);
        var model = Model(fake, service);

        for (var i = 1; i <= 4; i++)
        {
            var error = await Assert.ThrowsAsync<JudgeModelException>(() => model.AnswerAsync(_question, 1, 8, 1, CancellationToken.None));
            Assert.Contains(problem, error.Message);
            Assert.Equal(Math.Min(i, 3), fake.Requests.Count);
        }
        await service.DisposeAsync();
        Assert.Equal(
            3,
            File.ReadAllLines(_directory["judge-gpt.jsonl"]).Count(line => line.Contains("\"answer\":") && line.Contains("\"failure\":")));
        using var log = new CallLog(() => new LedgerFile(_directory["judge-gpt.jsonl"]), TimeProvider.System);
        await log.ReadAsync(CancellationToken.None);
        Assert.Equal((3, 21L), log.See(answers => (answers.Calls, answers.Tokens)));
    }

    [Fact]
    public async Task AnswerAsync_whoseStoredAnswerIsNone_asksAgain()
    {
        using var fake = new FakeService(FakeService.Completion("Score: 4"));
        var path = _directory["judge-gpt.jsonl"];
        await using (var first = Service(fake))
        {
            await Model(fake, first).AnswerAsync(_question, 1, 8, 1, CancellationToken.None);
        }
        // As a version stored it that looked at no thoughts.
        File.WriteAllText(path, File.ReadAllText(path).Replace("Score: 4", "[THINK]maybe Score: 1", StringComparison.Ordinal));
        await using var service = Service(fake);

        var answer = await Model(fake, service).AnswerAsync(_question, 1, 8, 1, CancellationToken.None);

        Assert.Equal(("Score: 4", 2), (answer.Text, fake.Requests.Count));
    }

    [Theory]
    [InlineData("""{"error":{"message":"overloaded"}}""", "overloaded")]
    [InlineData("""{"choices":[{"message":{"content":"A"},"finish_reason":"error"}]}""", "finish_reason")]
    [InlineData("""{"choices":[{"message":{"content":"A"},"error":{"message":"upstream died"}}]}""", "upstream died")]
    public async Task ChooseAsync_ofAnErrorWithinASuccess_isTriedAgain_andTold(string body, string said)
    {
        using var fake = new FakeService(new FakeReply(200, body), FakeService.Completion("A"));
        var notes = new List<string>();
        await using var service = new ChatService(
            "judges.gpt",
            ServiceSettings.Of(fake.Url) with
            {
                Logprobs = false,
            },
            () => new LedgerFile(_directory["judge-gpt.jsonl"]),
            notes.Add,
            new JumpingTime());

        var answer = await Model(fake, service, logprobs: false).ChooseAsync(_question, ["A", "B"], CancellationToken.None);

        Assert.Equal([1.0, 0.0], answer.Probabilities);
        Assert.Equal(2, fake.Requests.Count);
        Assert.Contains(said, Assert.Single(notes));
    }

    private static FakeService WithoutMaxTokens() =>
        new(request =>
            Task.FromResult(
                request.Body.Contains("\"max_tokens\"", StringComparison.Ordinal)
                    ? new FakeReply(
                        400,
                        """{"error":{"message":"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.","code":"unsupported_parameter"}}""")
        : FakeService.Completion("Score: 4")));

    [Fact]
    public async Task AnswerAsync_ofAServiceThatAsksForMaxCompletionTokens_givesItThat_saysSoOnce_andFindsStoredAnswersByEither()
    {
        using var fake = WithoutMaxTokens();
        var notes = new List<string>();
        var options = ServiceSettings.Of(fake.Url) with { Retries = 0, BudgetCalls = 2 };
        await using (
            var service = new ChatService(
                "judges.gpt",
                options,
                () => new LedgerFile(_directory["judge-gpt.jsonl"]),
                notes.Add,
                new JumpingTime()))
        {
            foreach (var seed in new[] { 1UL, 1UL << 40 })
            {
                Assert.Equal(
                    "Score: 4",
                    (await new OpenAiModel(options, service).AnswerAsync(_question, 1, 8, seed, CancellationToken.None)).Text);
            }
        }
        await using var again = new ChatService(
            "judges.gpt",
            options,
            () => new LedgerFile(_directory["judge-gpt.jsonl"]),
            notes.Add,
            new JumpingTime());

        await new OpenAiModel(options, again).AnswerAsync(_question, 1, 8, 1, CancellationToken.None);

        Assert.Equal([8, null, null], fake.Requests.Select(request => (int?)JsonNode.Parse(request.Body)!["max_tokens"]));
        Assert.Equal([null, 8, 8], fake.Requests.Select(request => (int?)JsonNode.Parse(request.Body)!["max_completion_tokens"]));
        Assert.Equal(3, fake.Requests.Select(request => request.Header("Idempotency-Key")).Distinct().Count());
        Assert.Contains("token-limit = max-completion-tokens", Assert.Single(notes), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnswerAsync_withTheFieldSet_sendsNoOther()
    {
        using var fake = WithoutMaxTokens();
        await using var named = Service(fake, limit: TokenLimit.MaxCompletionTokens);
        await using var other = new ChatService(
            "judges.gpt",
            ServiceSettings.Of(fake.Url) with
            {
                TokenLimit = TokenLimit.MaxTokens,
            },
            () => new LedgerFile(_directory["judge-other.jsonl"]),
            _ => { },
            new JumpingTime());

        await Model(fake, named).AnswerAsync(_question, 1, 8, 1, CancellationToken.None);
        await Assert.ThrowsAsync<JudgeModelException>(() => Model(fake, other).AnswerAsync(_question, 1, 8, 1, CancellationToken.None));

        Assert.Equal(2, fake.Requests.Count);
    }

    [Theory]
    [InlineData("3600", "wants to be left alone for 3,600 s")]
    [InlineData("2147483647", "wants to be left alone for 2,147,483,647 s")]
    public async Task ChooseAsync_whenToldToWaitForHours_stopsAndSaysSo(string seconds, string problem)
    {
        using var fake = new FakeService(new FakeReply(429, "slow down", $"Retry-After: {seconds}\r\n"));
        await using var service = Service(fake, logprobs: false);

        var error = await Assert.ThrowsAsync<UserInputException>(() =>
            Model(fake, service, logprobs: false).ChooseAsync(_question, ["A", "B"], CancellationToken.None));

        Assert.Contains("answers 429 (slow down)", error.Message);
        Assert.Contains(problem, error.Message);
        Assert.Single(fake.Requests);
    }

    public void Dispose() => _directory.Dispose();

    private static OpenAiModel Model(FakeService fake, ChatService service, bool logprobs = true) =>
        new(ServiceSettings.Of(fake.Url) with { Logprobs = logprobs }, service);

    private ChatService Service(FakeService fake, bool logprobs = true, TokenLimit limit = TokenLimit.Auto) =>
        new(
            "judges.gpt",
            ServiceSettings.Of(fake.Url) with
            {
                Logprobs = logprobs,
                TokenLimit = limit,
            },
            () => new LedgerFile(_directory["judge-gpt.jsonl"]),
            _ => { },
            new JumpingTime());
}

using IterativeDpo.Artifacts;
using IterativeDpo.Judging.People;
using IterativeDpo.Judging.Runs;

namespace IterativeDpo.Judging.Tests.People;

public sealed class HumanJudgeTests : IDisposable
{
    private static readonly HumanOptions s_alone = new("people", null, 0, HumanWhere.Any, 0, 1, 0, "", null);
    private static readonly HumanOptions s_overSmall = s_alone with { Judge = "small" };

    private readonly TemporaryDirectory _directory = new();
    private readonly SetTime _time = new();
    private readonly PeopleQueue _queue;

    public HumanJudgeTests() => _queue = new(_directory["people"], _time);

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Judge_waitsForThePerson_andGoesByWhatWasShown()
    {
        var judging = Judge(s_alone).JudgeAsync(Samples.OfPrompt("p1", "one", "two"), default);

        var task = await NextAsync();
        Assert.Equal(("?", "one", "two"), (task.Prompt, task.FirstText, task.SecondText));
        Assert.Equal("waiting for people: 1 comparison", _queue.Count().Waiting);
        Assert.Null(_queue.Judge(new(task.Id, "anna", PeopleAnswer.A, task.Second, 2, _time.Now)));
        await Task.Delay(700);
        Assert.False(judging.IsCompleted, "a verdict can be taken back for a while");
        _time.Now += PeopleQueue.UndoTime + TimeSpan.FromSeconds(1);
        var verdict = await judging;

        var comparison = Assert.Single(verdict.Comparisons!);
        Assert.Equal((0, 1, Preference.Second, 0.0), (comparison.First, comparison.Second, comparison.Preference, comparison.Probability));
        Assert.Equal([0, 1], verdict.Judgements.Select(one => one.Score!.Value));
        Assert.StartsWith("anna: a, sample 1 shown first", comparison.Explanation, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(PeopleAnswer.Tie, Preference.Tie)]
    [InlineData(PeopleAnswer.Neither, Preference.Tie)]
    [InlineData(PeopleAnswer.Skip, Preference.Abstained)]
    public async Task Judge_answerWithoutAWinner_makesNoPair(PeopleAnswer answer, Preference expected)
    {
        var judging = Judge(s_alone).JudgeAsync(Samples.OfPrompt("p1", "one", "two"), default);
        var task = await NextAsync();
        _queue.Judge(new(task.Id, "anna", answer, task.First, 2, _time.Now));
        _time.Now += TimeSpan.FromMinutes(1);

        Assert.Equal(expected, Assert.Single((await judging).Comparisons!).Preference);
    }

    /// <summary>After a kill the same answers are shown under the same id: what was said counts, and nobody is asked again.</summary>
    [Fact]
    public async Task Judge_again_takesWhatWasSaid()
    {
        using var killed = new CancellationTokenSource();
        var first = Judge(s_alone).JudgeAsync(Samples.OfPrompt("p1", "one", "two", "three"), killed.Token);
        var task = await NextAsync();
        await killed.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        _queue.Judge(new(task.Id, "anna", PeopleAnswer.A, task.First, 2, _time.Now));
        _time.Now += TimeSpan.FromMinutes(1);

        var verdict = await Judge(s_alone, new PeopleQueue(_directory["people"], _time))
            .JudgeAsync(Samples.OfPrompt("p1", "one", "two", "three"), default);

        Assert.Equal((task.First, task.Second), (verdict.Comparisons![0].First, verdict.Comparisons[0].Second));
        Assert.Null(Assert.Single(verdict.Judgements, one => one.SampleIndex != task.First && one.SampleIndex != task.Second).Score);
        Assert.Single(_queue.Tasks());
    }

    [Fact]
    public async Task Judge_share_isOfThePrompts_andTheRestIsTheOthers()
    {
        var judge = Judge(s_overSmall with { Share = 0.2 }, other: new FakeJudge(1, 0));
        var judging = Enumerable.Range(0, 200).Select(i => judge.JudgeAsync(Samples.OfPrompt($"p{i}", "one", "two"), default)).ToArray();

        var done = judging.Count(task => task.IsCompleted);

        Assert.InRange(200 - done, 25, 55);
        Assert.Equal(200 - done, _queue.Count().Awaited);
        Assert.Equal(new JudgeOpinion("small", Preference.First), _queue.Tasks()[0].Task.Against);
    }

    [Fact]
    public async Task Judge_unsure_isWhatTheOtherTellsNotApart()
    {
        var other = new FakeJudge(
            (samples, _) =>
                Task.FromResult(
                    new Verdict([
                        .. samples.Samples.Select(one => new Judgement(one.Index, samples.Prompt.Id == "sure" ? one.Index : 0.5, "")),
                    ])));
        var judge = Judge(s_overSmall with { Share = 1, Where = HumanWhere.Unsure }, other: other);

        Assert.Null((await judge.JudgeAsync(Samples.OfPrompt("sure", "one", "two"), default)).Comparisons);
        var unsure = judge.JudgeAsync(Samples.OfPrompt("unsure", "one", "two"), default);

        Assert.Equal("unsure", (await NextAsync()).PromptId);
        Assert.False(unsure.IsCompleted);
    }

    [Fact]
    public async Task Judge_audit_showsAboutSoManyARound_andWaitsForNobody()
    {
        var judge = Judge(s_overSmall with { Audit = 50 }, other: new FakeJudge(0, 1));

        for (var i = 0; i < 200; i++)
        {
            Assert.Null((await judge.JudgeAsync(Samples.OfPrompt($"p{i}", "one", "two"), default)).Comparisons);
        }

        Assert.InRange(_queue.Count().Open, 35, 65);
        Assert.Equal(0, _queue.Count().Awaited);
        Assert.All(_queue.Tasks(), task => Assert.Equal(new("small", Preference.Second), task.Task.Against));
    }

    [Fact]
    public async Task Judge_forTheNextRound_waitsForNobody_andItsVerdictIsTakenWhenItStands()
    {
        var judge = Judge(s_overSmall with { Share = 1, Wait = HumanWait.Next }, other: new FakeJudge(1, 0));
        var (first, second) = (Samples.OfPrompt("p1", "one", "two"), Samples.OfPrompt("p2", "one", "two"));

        var verdict = await judge.JudgeAsync(first, default);
        await judge.JudgeAsync(second, default);

        Assert.True(verdict.AwaitsPeople);
        Assert.All(verdict.Judgements, one => Assert.Null(one.Score));
        Assert.Null(_queue.Count().Waiting);
        var task = _queue.Tasks().Single(one => one.Task.PromptId == "p1").Task;
        Assert.Null(_queue.Judge(new(task.Id, "anna", PeopleAnswer.B, task.First, 2, _time.Now)));
        Assert.Empty(HumanJudge.Said("people", 1, [first, second], _queue));
        _time.Now += TimeSpan.FromMinutes(1);
        var (samples, said) = Assert.Single(HumanJudge.Said("people", 1, [first, second], _queue));
        Assert.Equal("p1", samples.Prompt.Id);
        Assert.Equal(task.First == 0 ? [0, 1] : [1, 0], said.Judgements.Select(one => one.Score!.Value));
        Assert.Empty(HumanJudge.Said("people", 2, [first, second], _queue));
        Assert.Contains("the campaign has gone on", _queue.Undo("anna", out _), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Judge_heldOutAnswers_areTheOthersAlone()
    {
        var judge = Judge(s_overSmall with { Share = 1 }, other: new FakeJudge(1, 0));
        judge.UseRound(null);

        Assert.Null((await judge.JudgeAsync(Samples.OfPrompt("p1", "one", "two"), default)).Comparisons);
        Assert.Empty(_queue.Tasks());
    }

    [Fact]
    public async Task Judge_ofEqualAnswers_asksNobody() =>
        Assert.All(
            (await Judge(s_alone).JudgeAsync(Samples.OfPrompt("p1", "same", "same"), default)).Judgements,
            one => Assert.Null(one.Score));

    /// <summary>Others are judged meanwhile, and no time-out counts: people take hours.</summary>
    [Fact]
    public async Task Run_whereOnesWaitForPeople_isNotHeldUp()
    {
        var judge = Judge(s_alone);
        var run = new JudgeRun(
            new JudgeAttempts(judge, TimeSpan.FromMilliseconds(100), 0, TimeProvider.System),
            new SemaphoreSlim(1),
            int.MaxValue);

        var judging = run.JudgeAsync(
            Enumerable.Range(0, 40).Select(i => new LabelledSamples(Samples.OfPrompt($"p{i}", "one", "two"), null)),
            _ => null,
            null,
            default)
        .ToArrayAsync()
        .AsTask();
        while (_queue.Count().Awaited < 40)
        {
            await Task.Delay(10);
        }
        await Task.Delay(200);
        foreach (var task in _queue.Tasks())
        {
            _queue.Judge(new(task.Task.Id, "anna", PeopleAnswer.A, task.Task.First, 2, _time.Now));
        }
        _time.Now += TimeSpan.FromMinutes(1);

        Assert.All(await judging, prompt => Assert.Null(prompt.Judged.Failure));
    }

    [Fact]
    public async Task Judge_passesOnPolicyTimeCheckAndEnd()
    {
        var other = new FakeJudge(1, 0);
        var judge = Judge(s_overSmall, other: other);

        judge.UsePolicy("adapter");
        judge.AskAnew(3);
        await judge.CheckAsync([], default);
        await judge.DisposeAsync();

        Assert.Equal(("adapter", 3, 1, true), (other.Policy, other.Time, other.Checked, other.Disposed));
    }

    [Fact]
    public async Task Check_withoutAPage_isRefused() => Assert.Contains(
        "campaign.judging.judges.people: people judge on the page of a campaign",
        (await Assert.ThrowsAsync<UserInputException>(() => new HumanJudge(s_alone, null, null, 1, _time).CheckAsync([], default))).Message,
        StringComparison.Ordinal);

    private HumanJudge Judge(HumanOptions options, PeopleQueue? queue = null, IJudge? other = null)
    {
        var judge = new HumanJudge(options, other, new(queue ?? _queue, 200), 1, _time);
        judge.UseRound(1);
        return judge;
    }

    private async Task<PeopleTask> NextAsync()
    {
        while (true)
        {
            if (_queue.Next("anna") is { } task)
            {
                return task;
            }
            await Task.Delay(10);
        }
    }
}

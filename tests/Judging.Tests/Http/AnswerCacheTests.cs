using IterativeDpo.Judging.Http;

namespace IterativeDpo.Judging.Tests.Http;

public sealed class AnswerCacheTests
{
    private static readonly ChatAnswer _answer = new("yes", null, 10, 2);

    private readonly AnswerCache _cache = new();

    [Fact]
    public void Calls_areAnswersAndCallsWithoutAnOutcome()
    {
        Add(new CallEntry("lost"));
        Add(new CallEntry("refused"), new CallEntry("refused", Failure: "no", Refused: true));
        Add(new CallEntry("lost, then answered"), new CallEntry("lost, then answered"), new CallEntry("lost, then answered", _answer));
        Add(
            new CallEntry("lost, then refused"),
            new CallEntry("lost, then refused"),
            new CallEntry("lost, then refused", Failure: "no", Refused: true));

        Assert.Equal((4, 2), (_cache.Calls, _cache.Unanswered));
        Assert.NotNull(_cache.Find("lost, then answered"));
        Assert.Null(_cache.Find("lost"));
    }

    [Fact]
    public void TriesOf_countsCallsWithoutAnAnswer_butThoseThatTheUserPutsRight_untilTheyAreForgotten()
    {
        Add([.. Enumerable.Repeat(new CallEntry("one"), 5)]);
        Add(
            new CallEntry("one", Failure: "busy", Refused: true),
            new CallEntry("one", _answer, "cut"),
            new CallEntry("one", Failure: "no answer in time"),
            new CallEntry("one", Refused: true));
        Add(new CallEntry("two"), new CallEntry("two", _answer));
        Assert.Equal((4, "no answer in time"), _cache.TriesOf("one"));
        Assert.Equal((0, null), _cache.TriesOf("two"));

        _cache.ForgetTries();

        Assert.Equal((0, null), _cache.TriesOf("one"));
        Assert.Null(_cache.Find("one"));
        Assert.Equal((4, 24), (_cache.Calls, _cache.Tokens));
    }

    [Fact]
    public void Add_ofForgetting_leavesNoAnswersAndNoTries_andAllThatWasSpent()
    {
        Add(new CallEntry("one", _answer), new CallEntry("two", _answer), new CallEntry("three"), new CallEntry("three", _answer, "cut"));

        Add(new CallEntry("", Forget: true));

        Assert.Null(_cache.Find("one"));
        Assert.Equal((0, null), _cache.TriesOf("three"));
        Assert.Equal((0, 3, 36L), (_cache.Answered, _cache.Calls, _cache.Tokens));
    }

    [Fact]
    public void OutSince_isWhenTheLastCallWasHeardOf_untilAnythingComesOfIt()
    {
        _cache.Add(new CallEntry("one"), at: 7);
        _cache.Add(new CallEntry("one"), at: 8);
        Assert.Equal((8, null), (_cache.OutSince("one"), _cache.OutSince("two")));

        _cache.Add(new CallEntry("one", Failure: "no answer in time"), at: 9);

        Assert.Null(_cache.OutSince("one"));
    }

    private void Add(params CallEntry[] entries)
    {
        foreach (var entry in entries)
        {
            _cache.Add(entry, 0);
        }
    }
}

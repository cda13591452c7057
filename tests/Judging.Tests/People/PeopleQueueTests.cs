using IterativeDpo.Artifacts;
using IterativeDpo.Judging.People;

namespace IterativeDpo.Judging.Tests.People;

public sealed class PeopleQueueTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly SetTime _time = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Judge_isOnTheDiskBeforeItCounts_andReadByAnother()
    {
        var queue = Open();
        queue.Add([Tasks.Of("1"), Tasks.Of("2")]);

        Assert.Null(queue.Judge(Tasks.Verdict("1", "anna", PeopleAnswer.B)));

        Assert.Equal(
            """{"task":"1","person":"anna","answer":"b","shown_first":0,"seconds":3,"at":"2026-01-02T03:04:05+00:00"}""",
            Assert.Single(File.ReadAllLines(_directory["people/verdicts.jsonl"])));
        var other = Open();
        Assert.Equal(new PeopleCounts(1, 1, 1), other.Count());
        Assert.Equal(Preference.Second, Assert.Single(other.Find("1")!.Verdicts).PreferenceOn(Tasks.Of("1")));
    }

    [Fact]
    public void Judge_ofTwoProcesses_countsOnce()
    {
        var (one, other) = (Open(), Open());
        one.Add([Tasks.Of("1")]);
        Assert.Equal(1, other.Count().Open);
        Assert.Null(one.Judge(Tasks.Verdict("1", "anna")));

        Assert.Equal("somebody else has judged this comparison meanwhile", other.Judge(Tasks.Verdict("1", "ben")));
        Assert.Equal("this person has judged this comparison already", other.Judge(Tasks.Verdict("1", "anna")));
        Assert.Equal("this comparison is not there any more", other.Judge(Tasks.Verdict("2", "anna")));
        Assert.Single(File.ReadAllLines(_directory["people/verdicts.jsonl"]));
    }

    [Fact]
    public async Task Judge_byManyAtOnce_losesNothing()
    {
        Open().Add(Enumerable.Range(0, 40).Select(i => Tasks.Of($"{i}")));

        var refusals = await Task.WhenAll(Enumerable.Range(0, 4).Select(person => Task.Run(() =>
        {
            var queue = Open();
            return Enumerable.Range(0, 40).Count(i => queue.Judge(Tasks.Verdict($"{i}", $"person {person}")) is not null);
        })));

        Assert.Equal(3 * 40, refusals.Sum());
        Assert.Equal(new PeopleCounts(0, 0, 40), Open().Count());
    }

    [Fact]
    public void Next_showsEachTaskToOnePerson_untilOnlyThoseOfOthersAreLeft()
    {
        var queue = Open();
        queue.Add([Tasks.Of("audit", holds: false), Tasks.Of("1"), Tasks.Of("2")]);

        Assert.Equal("1", queue.Next("anna")!.Id);
        Assert.Equal("1", queue.Next("anna")!.Id);
        Assert.Equal("2", queue.Next("ben")!.Id);
        Assert.Equal("audit", queue.Next("cleo")!.Id);
        Assert.Equal("1", queue.Next("dora")!.Id);
        _time.Now += TimeSpan.FromMinutes(6);
        Assert.Equal("1", queue.Next("ben")!.Id);
    }

    [Fact]
    public void Next_ofATaskForTwo_isForEachOnce()
    {
        var queue = Open();
        queue.Add([Tasks.Of("1", people: 2)]);
        Assert.Null(queue.Judge(Tasks.Verdict("1", "anna")));

        Assert.Null(queue.Next("anna"));
        Assert.Equal("1", queue.Next("ben")!.Id);
        Assert.Null(queue.Judge(Tasks.Verdict("1", "ben")));
        Assert.Null(queue.Next("cleo"));
    }

    [Fact]
    public void Undo_takesBackTheLastVerdict_untilTheCampaignGoesOnWithIt()
    {
        var queue = Open();
        queue.Add([Tasks.Of("1"), Tasks.Of("2")]);
        queue.Judge(Tasks.Verdict("1", "anna"));
        queue.Judge(Tasks.Verdict("2", "anna", at: Tasks.Start + TimeSpan.FromSeconds(1)));

        _time.Now += PeopleQueue.UndoTime;
        Assert.Null(queue.Undo("anna", out var task));
        Assert.Equal("2", task);
        Assert.Equal("2", queue.Next("anna")!.Id);
        Assert.Null(queue.Settled("1"));

        _time.Now += TimeSpan.FromSeconds(1);
        Assert.Equal("anna", queue.Settled("1")!.Person);
        Assert.StartsWith("the campaign has gone on with your last verdict", queue.Undo("anna", out _), StringComparison.Ordinal);
        Assert.Equal("there is no verdict of yours to take back", queue.Undo("ben", out _));
        Assert.Equal(new PeopleCounts(1, 1, 1), Open().Count());
    }

    /// <summary>What a process that was killed while it wrote has left behind is no verdict, and nobody's verdict is lost by it.</summary>
    [Fact]
    public void Line_thatWasCutShort_isTakenAway()
    {
        var queue = Open();
        queue.Add([Tasks.Of("1"), Tasks.Of("2")]);
        queue.Judge(Tasks.Verdict("1", "anna"));
        File.AppendAllText(_directory["people/verdicts.jsonl"], """{"task":"2","pers""");

        var after = Open();
        Assert.Equal(1, after.Count().Verdicts);
        Assert.Null(after.Judge(Tasks.Verdict("2", "ben")));
        Assert.Equal(2, Open().Count().Verdicts);
    }

    [Fact]
    public void Line_thatIsDamaged_isNamed()
    {
        Open().Add([Tasks.Of("1")]);
        File.WriteAllText(_directory["people/verdicts.jsonl"], """{"task":"1","person":"anna"}""" + "\n");
        var queue = Open();

        Assert.Contains(
            "verdicts.jsonl, line 1: no verdict of a person",
            Assert.Throws<UserInputException>(() => queue.Count()).Message,
            StringComparison.Ordinal);
        Assert.Throws<UserInputException>(() => queue.Count());
    }

    private PeopleQueue Open() => new(_directory["people"], _time);
}

using IterativeDpo.Artifacts;
using IterativeDpo.Judging.Http;

namespace IterativeDpo.Judging.Tests.Http;

public sealed class AnswerCacheTests : IDisposable
{
    private static readonly ChatAnswer _answer = new("ja, \"süß\"\n", [new TokenLogprob("A", -0.25)], 10, 2);

    private readonly TemporaryDirectory _directory = new();

    private string FilePath => _directory["work/judge-x.jsonl"];

    [Fact]
    public void Find_afterOpeningAgain_givesWhatWasAdded()
    {
        Fill("one", "two");

        using var cache = new AnswerCache(FilePath);

        Assert.Equivalent(_answer, cache.Find("one"), strict: true);
        Assert.Null(cache.Find("three"));
        Assert.Equal((2, 24), (cache.Calls, cache.Tokens));
    }

    [Fact]
    public void Calls_afterOpeningAgain_areAnswersAndCallsWithoutAnOutcome()
    {
        using (var cache = new AnswerCache(FilePath))
        {
            cache.AddCall("lost");
            cache.AddCall("refused");
            cache.AddRefusal("refused", "no");
            cache.AddCall("lost, then answered");
            cache.AddCall("lost, then answered");
            cache.AddAnswer("lost, then answered", _answer);
            cache.AddCall("lost, then refused");
            cache.AddCall("lost, then refused");
            cache.AddRefusal("lost, then refused", "no");
            Assert.Equal((4, 2), (cache.Calls, cache.Unanswered));
        }

        using var again = new AnswerCache(FilePath);

        Assert.Equal((4, 2), (again.Calls, again.Unanswered));
        Assert.NotNull(again.Find("lost, then answered"));
        Assert.Null(again.Find("lost"));
    }

    [Fact]
    public void TriesOf_countsCallsWithoutAnAnswer_butThoseThatTheUserPutsRight_untilTheFileIsOpenedAgain()
    {
        using (var cache = new AnswerCache(FilePath))
        {
            for (var i = 0; i < 5; i++)
            {
                cache.AddCall("one");
            }
            cache.AddRefusal("one", "busy");
            cache.AddUseless("one", _answer, "cut");
            cache.AddLoss("one", "no answer in time");
            cache.AddRefusal("one", null);
            cache.AddCall("two");
            cache.AddAnswer("two", _answer);
            Assert.Equal((4, "no answer in time"), cache.TriesOf("one"));
            Assert.Equal((0, null), cache.TriesOf("two"));
        }

        using var again = new AnswerCache(FilePath);

        Assert.Equal((0, null), again.TriesOf("one"));
        Assert.Null(again.Find("one"));
        Assert.Equal((4, 24), (again.Calls, again.Tokens));
    }

    [Fact]
    public void Forget_leavesNoAnswersAndNoTries_andAllThatWasSpent()
    {
        Fill("one", "two");
        using (var cache = new AnswerCache(FilePath))
        {
            cache.AddCall("three");
            cache.AddUseless("three", _answer, "cut");
            Assert.Equal(2, cache.Forget());
            Assert.Equal((0, null), cache.TriesOf("three"));
        }

        using var again = new AnswerCache(FilePath);

        Assert.Null(again.Find("one"));
        Assert.Equal((3, 36), (again.Calls, again.Tokens));
    }

    [Fact]
    public void Add_gives_these_bytes()
    {
        using (var cache = new AnswerCache(FilePath))
        {
            cache.AddCall("one");
            cache.AddAnswer("one", _answer);
            cache.AddRefusal("two", "busy");
            cache.Forget();
        }

        Assert.Equal(
            """
            {"request":"one"}
            {"request":"one","answer":{"text":"ja, \u0022s\u00FC\u00DF\u0022\n","first_token":[{"token":"A","logprob":-0.25}],"input_tokens":10,"output_tokens":2,"is_cut":false}}
            {"request":"two","failure":"busy","refused":true}
            {"request":"","forget":true}

            """,
            File.ReadAllText(FilePath));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    public void Open_afterACrashInTheLastLine_cutsItOff(int missingBytes)
    {
        Fill("one", "two");
        var whole = File.ReadAllBytes(FilePath);
        File.WriteAllBytes(FilePath, whole[..^missingBytes]);

        using (var cache = new AnswerCache(FilePath))
        {
            Assert.Null(cache.Find("two"));
            Assert.Equal((1, 12), (cache.Calls, cache.Tokens));
            cache.AddAnswer("two", _answer);
        }

        Assert.Equal(whole, File.ReadAllBytes(FilePath));
    }

    [Fact]
    public void Open_ofALineLongerThanAChunkThatIsTorn_leavesAnEmptyFile()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(FilePath)!);
        File.WriteAllText(FilePath, new string('x', 10_000));

        new AnswerCache(FilePath).Dispose();

        Assert.Empty(File.ReadAllBytes(FilePath));
    }

    [Theory]
    [InlineData("rubbish")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("")]
    public void Open_ofADamagedLine_namesIt(string line)
    {
        Fill("one", "two");
        var lines = File.ReadAllLines(FilePath);
        File.WriteAllLines(FilePath, [lines[0], line, lines[1]]);

        var error = Assert.Throws<UserInputException>(() => new AnswerCache(FilePath));

        Assert.Contains($"{FilePath}, line 2: not a stored call", error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();

    private void Fill(params string[] requests)
    {
        using var cache = new AnswerCache(FilePath);
        foreach (var request in requests)
        {
            cache.AddAnswer(request, _answer);
        }
    }
}

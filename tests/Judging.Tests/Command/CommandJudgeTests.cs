using System.Diagnostics;
using System.Text.Json.Nodes;
using IterativeDpo.Artifacts;
using IterativeDpo.Generation;
using IterativeDpo.Judging.Command;

namespace IterativeDpo.Judging.Tests.Command;

/// <summary>Real programs: bash scripts.</summary>
public sealed class CommandJudgeTests : IDisposable
{
    private const string Head = """
        #!/bin/bash
        id() { [[ $1 =~ \"id\":\"([^\"]*)\" ]]; printf '%s' "${BASH_REMATCH[1]}"; }
        score() { printf '{"id":"%s","scores":[{"index":0,"score":%s,"explanation":"%s"},{"index":1,"score":null}]}\n' "$(id "$1")" "$2" "$$"; }

        """;

    private const string ScoreAll = """
        while read -r line; do score "$line" 0.5; done
        """;

    // Jumps over the waits between restarts, but not over those for a program to end.
    private readonly JumpingTime _time = new(TimeSpan.FromSeconds(2));
    private readonly TemporaryDirectory _directory = new();

    private string LogPath => _directory["work/judge-mine.stderr.log"];

    [Fact]
    public async Task JudgeAsync_givesScoresAbstentionsAndComparisons()
    {
        await using var judge = Judge("""
            read -r line
            printf '{"id":"%s","scores":[{"index":1,"score":2.5,"explanation":"fine"},{"index":0,"score":null}],"comparisons":[{"first":0,"second":1,"probability":0.25,"explanation":"so"}],"more":7}\n' "$(id "$line")"
            """);

        var verdict = await AskAsync(judge, "p1");

        Assert.Equal([new Judgement(0, null, "the program abstained"), new Judgement(1, 2.5, "fine")], verdict.Judgements);
        Assert.Equal([new Comparison(0, 1, Preference.Second, 0.25, "so")], verdict.Comparisons!);
    }

    [Fact]
    public async Task JudgeAsync_sendsPromptTaskAndSamplesOnALine()
    {
        await using var judge = Judge("""read -r line; printf '%s\n' "$line" > request; score "$line" 1""");
        var samples = new PromptSamples(
            new Prompt("p 1", [new ChatMessage("user", "Write é\nnow")], null, "write", []),
            [1],
            [Samples.Of(0, "é\n\"x\"", FinishReason.Length), Samples.Of(1, "")]);

        await judge.JudgeAsync(samples, CancellationToken.None);

        var request = JsonNode.Parse(Assert.Single(File.ReadAllLines(_directory["request"])))!;
        Assert.StartsWith("p 1/", (string)request["id"]!, StringComparison.Ordinal);
        Assert.Equal("write", (string)request["task"]!);
        Assert.Equal("""[{"role":"user","content":"Write \u00E9\nnow"}]""", request["prompt"]!.ToJsonString());
        Assert.Equal(
            """{"index":0,"text":"\u00E9\n\u0022x\u0022","finish_reason":"length","tokens":5}""",
            request["samples"]![0]!.ToJsonString());
    }

    [Fact]
    public async Task JudgeAsync_ofAPromptWithTools_sendsThemAndCalls()
    {
        await using var judge = Judge("""read -r line; printf '%s\n' "$line" > request; score "$line" 1""");
        var prompt = PromptFile.Parse(
            """{"prompt": [{"role": "assistant", "tool_calls": [{"name": "f", "arguments": {}}]}, {"role": "tool", "content": "18"}], "tools": [{"name": "f"}]}""",
            "here");

        await judge.JudgeAsync(new PromptSamples(prompt, [1], [Samples.Of(0, "x"), Samples.Of(1, "y")]), CancellationToken.None);

        var request = JsonNode.Parse(Assert.Single(File.ReadAllLines(_directory["request"])))!;
        Assert.Equal("""[{"name":"f"}]""", request["tools"]!.ToJsonString());
        Assert.Equal("""[{"name":"f","arguments":{}}]""", request["prompt"]![0]!["tool_calls"]!.ToJsonString());
    }

    [Fact]
    public async Task JudgeAsync_ofAnswersOutOfOrder_matchesThemById()
    {
        await using var judge = Judge("""read -r one; read -r two; score "$two" 2; score "$one" 1""");

        var verdicts = await Task.WhenAll(AskAsync(judge, "p1"), AskAsync(judge, "p2"));

        Assert.Equal([1, 2], verdicts.Select(verdict => verdict.Judgements[0].Score));
    }

    [Fact]
    public async Task CheckAsync_ofAProgramThatStaysUp_isContentAndWritesNoFile()
    {
        await using var judge = Judge($"echo loading >&2\n{ScoreAll}", startTime: TimeSpan.FromMilliseconds(1));

        await judge.CheckAsync([], CancellationToken.None);

        Assert.False(File.Exists(LogPath));
        Assert.Equal(0.5, (await AskAsync(judge, "p1")).Judgements[0].Score);
    }

    [Fact]
    public async Task CheckAsync_ofAProgramThatEndsAtOnce_hasItsLastWords()
    {
        await using var judge = Judge("echo 'No module named reward' >&2; exit 3");

        var error = await Assert.ThrowsAsync<UserInputException>(() => judge.CheckAsync([], CancellationToken.None));

        Assert.Contains("judges.mine.command: ", error.Message, StringComparison.Ordinal);
        Assert.Contains("does not stay up: it ended with exit code 3", error.Message, StringComparison.Ordinal);
        Assert.Contains("No module named reward", error.Message, StringComparison.Ordinal);
        // Messages go into the journal, and arguments may be secrets.
        Assert.DoesNotContain("judge.sh", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("./no-such-program")]
    [InlineData("no-such-program-anywhere")]
    [InlineData("./judge.txt")]
    public async Task CheckAsync_ofAProgramThatCannotBeStarted_saysWhatToDo(string program)
    {
        File.WriteAllText(_directory["judge.txt"], "not executable");
        await using var judge = new CommandJudge("judges.mine", Options([program]), LogPath, _time);

        var error = await Assert.ThrowsAsync<UserInputException>(() => judge.CheckAsync([], CancellationToken.None));

        Assert.Contains(Path.GetFileName(program), error.Message, StringComparison.Ordinal);
        Assert.Contains("Correct its path, or make it executable", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task JudgeAsync_ofAProgramThatDies_failsAndIsAnsweredByTheNextRun()
    {
        await using var judge = Judge("""
            while read -r line; do
              [[ $line == *bad* ]] && { echo "cannot take bad" >&2; exit 4; }
              score "$line" 0.5
            done
            """);
        await AskAsync(judge, "p1");

        var error = await Assert.ThrowsAsync<CommandException>(() => AskAsync(judge, "bad"));
        var after = await AskAsync(judge, "p2");

        Assert.Contains("it ended with exit code 4", error.Message, StringComparison.Ordinal);
        Assert.Contains("cannot take bad", error.Message, StringComparison.Ordinal);
        Assert.Equal(0.5, after.Judgements[0].Score);
        Assert.Equal(["cannot take bad"], File.ReadAllLines(LogPath));
    }

    [Fact]
    public async Task JudgeAsync_ofAProgramThatKeepsDying_isPermanentAfterItsRestarts()
    {
        await using var judge = Judge("read -r line; echo dead >&2; exit 5", restarts: 2);
        for (var run = 0; run < 3; run++)
        {
            await Assert.ThrowsAsync<CommandException>(() => AskAsync(judge, "p1"));
        }

        var error = await Assert.ThrowsAsync<UserInputException>(() => AskAsync(judge, "p1"));
        await Assert.ThrowsAsync<UserInputException>(() => AskAsync(judge, "p1"));

        Assert.Contains(
            "ended 3 times in a row without an answer (judges.mine.restarts), the last time because it ended with exit code 5",
            error.Message,
            StringComparison.Ordinal);
        Assert.Contains("dead", error.Message, StringComparison.Ordinal);
        Assert.Equal([100, 200], _time.Waits.Select(wait => wait.TotalMilliseconds));
    }

    [Fact]
    public async Task JudgeAsync_ofAProgramThatHangs_killsItWithAllItStarted()
    {
        await using var judge = Judge($"""
            if [ ! -e pids ]; then sleep 1000 & read -r line; echo "$$ $!" > pids.new; mv pids.new pids; wait; fi
            {ScoreAll}
            """);
        using var timeout = new CancellationTokenSource();
        var asked = AskAsync(judge, "p1", timeout.Token);
        await WaitForAsync("pids");

        await timeout.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        foreach (var pid in File.ReadAllText(_directory["pids"]).Split(' ').Select(int.Parse))
        {
            AssertEnds(pid);
        }
        Assert.Equal(0.5, (await AskAsync(judge, "p2")).Judgements[0].Score);
    }

    [Fact]
    public async Task JudgeAsync_ofAProgramThatHangsOnAnotherPrompt_asksTheNextRun()
    {
        await using var judge = Judge($"if [ ! -e ran ]; then touch ran; sleep 1000; fi\n{ScoreAll}");
        using var timeout = new CancellationTokenSource();
        var hanging = AskAsync(judge, "p1", timeout.Token);
        var other = AskAsync(judge, "p2");
        await WaitForAsync("ran");

        await timeout.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => hanging);
        Assert.Equal(0.5, (await other).Judgements[0].Score);
    }

    [Fact]
    public async Task JudgeAsync_ofALateAnswer_dropsItAndGoesOn()
    {
        await using var judge = Judge($"""
            read -r late; read -r line; score "$line" 0.5
            while [ ! -e go ]; do sleep 0.01; done
            score "$late" 0.1
            {ScoreAll}
            """);
        using var timeout = new CancellationTokenSource();
        var late = AskAsync(judge, "p1", timeout.Token);
        var first = await AskAsync(judge, "p2");
        await timeout.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => late);

        File.WriteAllText(_directory["go"], "");
        var second = await AskAsync(judge, "p3");

        // The explanation is the id of the process: it is still the same.
        Assert.Equal(first.Judgements[0], second.Judgements[0]);
    }

    [Theory]
    [InlineData("echo 'Loading model...'", "'Loading model...'")]
    [InlineData("echo '{\"id\":\"other\",\"scores\":[]}'", "'{\"id\":\"other\",\"scores\":[]}'")]
    [InlineData("echo '[1]'", "'[1]'")]
    public async Task JudgeAsync_ofSomethingElseThanAnAnswer_failsAndQuotesIt(string write, string quoted)
    {
        await using var judge = Judge($"read -r line; {write}; score \"$line\" 1; sleep 1000");

        var error = await Assert.ThrowsAsync<CommandException>(() => AskAsync(judge, "p1"));

        Assert.Contains($"it wrote {quoted}, which answers no request", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task JudgeAsync_ofABadVerdict_failsThatPromptAlone()
    {
        await using var judge = Judge("""
            while read -r line; do
              [[ $line == *bad* ]] && printf '{"id":"%s","scores":[{"index":0,"score":1e999},{"index":1,"score":0}]}\n' "$(id "$line")" || score "$line" 0.5
            done
            """);
        var first = await AskAsync(judge, "p1");

        var error = await Assert.ThrowsAsync<CommandException>(() => AskAsync(judge, "bad"));
        var second = await AskAsync(judge, "p2");

        Assert.Contains("a score is not a finite number", error.Message, StringComparison.Ordinal);
        Assert.Equal(first.Judgements[0], second.Judgements[0]);
    }

    [Theory]
    [InlineData(@"\xe9", "(0xE9) is no UTF-8, but Latin-1 or another encoding")]
    [InlineData(@"\xc3", "(0xC3) is no UTF-8")]
    [InlineData(@"\xc0\xaf", "(0xC0) is no UTF-8")]
    [InlineData(@"\xed\xa0\xbd", "(0xED) is no UTF-8")]
    [InlineData(@"\\ud83d", @"(\ud83d) is half of a surrogate pair")]
    [InlineData(@"\\u0000", @"(\u0000) is a NUL")]
    public async Task JudgeAsync_ofAnAnswerThatIsNoText_failsThatPromptAlone_andSaysWhichByte(string written, string fault)
    {
        await using var judge = Judge($$"""
            while read -r line; do
              [[ $line == *bad* ]] && printf '{"id":"%s","scores":[{"index":0,"score":1,"explanation":"{{written}}"},{"index":1,"score":0}]}\n' "$(id "$line")" || score "$line" 0.5
            done
            """);
        var first = await AskAsync(judge, "p1");

        var error = await Assert.ThrowsAsync<CommandException>(() => AskAsync(judge, "bad"));
        var second = await AskAsync(judge, "p2");

        Assert.Contains(
            $"is no answer: byte {"""{"id":"bad/2","scores":[{"index":0,"score":1,"explanation":" """.Length} {fault}",
            error.Message,
            StringComparison.Ordinal);
        Assert.Equal(first.Judgements[0], second.Judgements[0]);
    }

    [Fact]
    public async Task JudgeAsync_ofAnswersInUtf16_saysSo()
    {
        await using var judge = Judge("""read -r line; printf '\xff\xfe{\0}\0\n\0'; sleep 1000""");

        var error = await Assert.ThrowsAsync<CommandException>(() => AskAsync(judge, "p1"));

        Assert.Contains(
            "which answers no request (its standard output is for answers alone); byte 1 begins a file in UTF-16",
            error.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task DisposeAsync_letsTheProgramEndByItself()
    {
        var judge = Judge($"{ScoreAll}\necho bye > bye");
        await AskAsync(judge, "p1");

        await judge.DisposeAsync();

        Assert.True(File.Exists(_directory["bye"]));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => AskAsync(judge, "p2"));
    }

    [Fact]
    public async Task DisposeAsync_ofAProgramThatGoesOn_killsIt()
    {
        var judge = Judge($"""echo $$ > pid; {ScoreAll}; sleep 1000""", time: new JumpingTime());
        await AskAsync(judge, "p1");

        await judge.DisposeAsync();

        AssertEnds(int.Parse(File.ReadAllText(_directory["pid"])));
    }

    public void Dispose() => _directory.Dispose();

    private static Task<Verdict> AskAsync(CommandJudge judge, string prompt, CancellationToken cancellationToken = default) =>
        judge.JudgeAsync(Samples.OfPrompt(prompt, "one", "two"), cancellationToken);

    /// <summary>Returns when the program has made a file; fails if it never does.</summary>
    private async Task WaitForAsync(string file)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!File.Exists(_directory[file]))
        {
            await Task.Delay(5, patience.Token);
        }
    }

    private static void AssertEnds(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            Assert.True(process.WaitForExit(TimeSpan.FromMinutes(1)));
        }
        catch (ArgumentException)
        {
            // It has ended.
        }
    }

    private CommandOptions Options(IReadOnlyList<string> command, int restarts = 10, TimeSpan? startTime = null) =>
        new("mine", command, _directory.Root, startTime ?? TimeSpan.FromHours(1), restarts, true);

    private CommandJudge Judge(string script, int restarts = 10, TimeSpan? startTime = null, TimeProvider? time = null)
    {
        File.WriteAllText(_directory["judge.sh"], Head + script);
        return new CommandJudge("judges.mine", Options(["bash", "judge.sh"], restarts, startTime), LogPath, time ?? _time);
    }
}

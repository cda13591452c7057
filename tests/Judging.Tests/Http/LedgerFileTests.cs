using IterativeDpo.Artifacts;
using IterativeDpo.Judging.Http;

namespace IterativeDpo.Judging.Tests.Http;

public sealed class LedgerFileTests : IDisposable
{
    private static readonly ChatAnswer _answer = new("ja, \"süß\"\n", [new TokenLogprob("A", -0.25)], 10, 2);

    private readonly TemporaryDirectory _directory = new();

    private string FilePath => _directory["work/judge-x.jsonl"];

    [Fact]
    public async Task Read_afterOpeningAgain_givesWhatWasAppended()
    {
        await FillAsync("one", "two");

        using var ledger = new LedgerFile(FilePath);
        var read = await ledger.ReadAsync(0, CancellationToken.None);

        Assert.Equivalent(new[] { new CallEntry("one", _answer), new CallEntry("two", _answer) }, read, strict: true);
        Assert.Empty(await ledger.ReadAsync(2, CancellationToken.None));
    }

    [Fact]
    public async Task Append_gives_these_bytes()
    {
        await AppendAsync(
            new CallEntry("one"),
            new CallEntry("one", _answer),
            new CallEntry("two", Failure: "busy", Refused: true),
            new CallEntry("", Forget: true));

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
    public async Task Read_afterACrashInTheLastLine_cutsItOff(int missingBytes)
    {
        await FillAsync("one", "two");
        var whole = File.ReadAllBytes(FilePath);
        File.WriteAllBytes(FilePath, whole[..^missingBytes]);

        using (var ledger = new LedgerFile(FilePath))
        {
            Assert.Equal("one", Assert.Single(await ledger.ReadAsync(0, CancellationToken.None)).Request);
            await ledger.AppendAsync(1, new CallEntry("two", _answer), CancellationToken.None);
        }

        Assert.Equal(whole, File.ReadAllBytes(FilePath));
    }

    [Fact]
    public async Task Read_ofALineLongerThanAChunkThatIsTorn_leavesAnEmptyFile()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(FilePath)!);
        File.WriteAllText(FilePath, new string('x', 10_000));

        using var ledger = new LedgerFile(FilePath);

        Assert.Empty(await ledger.ReadAsync(0, CancellationToken.None));
        Assert.Empty(File.ReadAllBytes(FilePath));
    }

    [Theory]
    [InlineData("rubbish")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("")]
    public async Task Read_ofADamagedLine_namesIt(string line)
    {
        await FillAsync("one", "two");
        var lines = File.ReadAllLines(FilePath);
        File.WriteAllLines(FilePath, [lines[0], line, lines[1]]);
        using var ledger = new LedgerFile(FilePath);

        var error = await Assert.ThrowsAsync<UserInputException>(() => ledger.ReadAsync(0, CancellationToken.None));

        Assert.Contains($"{FilePath}, line 2: not a stored call", error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();

    private Task FillAsync(params string[] requests) => AppendAsync([.. requests.Select(request => new CallEntry(request, _answer))]);

    private async Task AppendAsync(params CallEntry[] entries)
    {
        using var ledger = new LedgerFile(FilePath);
        foreach (var entry in entries)
        {
            Assert.Empty(await ledger.AppendAsync(0, entry, CancellationToken.None));
        }
    }
}

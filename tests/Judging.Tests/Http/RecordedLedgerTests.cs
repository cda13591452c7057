using IterativeDpo.Artifacts;
using IterativeDpo.Judging.Http;

namespace IterativeDpo.Judging.Tests.Http;

public sealed class RecordedLedgerTests
{
    [Fact]
    public async Task Read_givesForgottenAnswersToo_andAppendSaysThatNobodyIsAsked()
    {
        using var directory = new TemporaryDirectory();
        var path = directory["judge-x.jsonl"];
        using (var file = new LedgerFile(path))
        {
            await file.AppendAsync(0, new CallEntry("one", new ChatAnswer("yes", null, 1, 1)), default);
            await file.AppendAsync(1, new CallEntry("", Forget: true), default);
        }
        using var recorded = new RecordedLedger("x", path);

        Assert.Equal("one", Assert.Single(await recorded.ReadAsync(0, default)).Request);
        Assert.Empty(await recorded.ReadAsync(1, default));
        var error = await Assert.ThrowsAsync<UserInputException>(() => recorded.AppendAsync(1, new CallEntry("two"), default));
        Assert.Contains("'x' has no recorded answer", error.Message);
        Assert.Empty(await new RecordedLedger("y", directory["judge-y.jsonl"]).ReadAsync(0, default));
    }
}

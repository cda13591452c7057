using IterativeDpo.Judging.Http;

namespace IterativeDpo.Judging.Tests.Http;

public sealed class RateLimitTests
{
    private readonly JumpingTime _time = new();

    [Fact]
    public async Task WaitAsync_spreadsRequestsOverTheMinute()
    {
        var limit = new RateLimit(30, _time);

        for (var i = 0; i < 3; i++)
        {
            await limit.WaitAsync(CancellationToken.None);
        }

        Assert.Equal([TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2)], _time.Waits);
    }

    [Fact]
    public async Task WaitAsync_withoutALimit_waitsOnlyForAPause()
    {
        var limit = new RateLimit(0, _time);

        await limit.WaitAsync(CancellationToken.None);
        limit.Pause(TimeSpan.FromSeconds(5));
        limit.Pause(TimeSpan.FromSeconds(3));
        await limit.WaitAsync(CancellationToken.None);
        await limit.WaitAsync(CancellationToken.None);

        Assert.Equal([TimeSpan.FromSeconds(5)], _time.Waits);
    }
}

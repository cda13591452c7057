using IterativeDpo.Artifacts;
using IterativeDpo.Judging.Quality;
using IterativeDpo.Judging.Runs;

namespace IterativeDpo.Judging.Tests.Runs;

public sealed class LabelRunTests
{
    [Fact]
    public async Task RunAsync_judges_every_prompt_and_keeps_the_verdicts_in_their_order()
    {
        using var fixture = new LabelFixture(20);
        using (var log = VerdictLog.Open(fixture.OutPath, "first"))
        {
            await fixture.RunAsync(new FirstIsBest(), log, concurrency: 4);
        }

        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"p{i}"), fixture.JudgedIds());
        Assert.Equal(
            (20, new Share(20, 20), 20L),
            (fixture.Quality.Figures().Prompts, fixture.Quality.Figures().Length.LongerWins, fixture.Quality.Figures().Latency.Count));
    }

    [Fact]
    public async Task RunAsync_after_an_interruption_goes_on_and_measures_all()
    {
        using var fixture = new LabelFixture(10);
        using var interruption = new CancellationTokenSource();
        using (var log = VerdictLog.Open(fixture.OutPath, "first"))
        {
            // The fifth that is judged, whichever it is: prompts under way are not judged in order.
            var asked = 0;
            var judge = new FirstIsBest((_, _) => Interlocked.Increment(ref asked) == 5 ? interruption.CancelAsync() : Task.CompletedTask);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
                fixture.RunAsync(judge, log, cancellationToken: interruption.Token));
        }
        var before = fixture.JudgedIds().ToArray();
        var second = new FirstIsBest();
        using (var log = VerdictLog.Open(fixture.OutPath, "first"))
        {
            await fixture.RunAsync(second, log);
        }

        Assert.InRange(before.Length, 4, 9);
        Assert.Empty(second.Asked.Intersect(before));
        Assert.Equal(10, fixture.JudgedIds().Distinct().Count());
    }

    [Fact]
    public async Task RunAsync_failures_are_counted_and_tried_again_the_next_time()
    {
        using var fixture = new LabelFixture(4);
        using (var log = VerdictLog.Open(fixture.OutPath, "first"))
        {
            var failing = new FirstIsBest((id, _) => id == "p1" ? throw new InvalidOperationException("no answer") : Task.CompletedTask);
            var (done, failure) = await fixture.RunAsync(failing, log);

            Assert.Equal((4, 1, "prompt 'p1': no answer"), (done.Done, done.Failed, failure));
        }
        var second = new FirstIsBest();
        using (var log = VerdictLog.Open(fixture.OutPath, "first"))
        {
            Assert.Equal(3, (await fixture.RunAsync(second, log)).Done.Known);
        }

        Assert.Equal(["p1"], second.Asked);
    }

    [Fact]
    public async Task RunAsync_prompts_without_checks_are_measured_by_the_default_ones()
    {
        using var fixture = new LabelFixture(4);

        await fixture.RunAsync(new FirstIsBest(), log: null, checks: [new("exact", "no")]);

        Assert.Equal(new Share(0, 4), fixture.Quality.Figures().Agreement!.Accuracy);
    }

    [Fact]
    public async Task RunAsync_input_that_no_judge_can_use_ends_it_and_keeps_what_is_done()
    {
        using var fixture = new LabelFixture(6);
        using (var log = VerdictLog.Open(fixture.OutPath, "first"))
        {
            var judge = new FirstIsBest((id, _) => id == "p3" ? throw new UserInputException("no key") : Task.CompletedTask);
            await Assert.ThrowsAsync<UserInputException>(() => fixture.RunAsync(judge, log));
        }

        Assert.Equal(["p0", "p1", "p2"], fixture.JudgedIds().Take(3));
    }
}

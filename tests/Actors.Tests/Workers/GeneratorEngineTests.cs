using IterativeDpo.Actors.Tests.Fakes;
using IterativeDpo.Actors.Workers;
using IterativeDpo.Artifacts.Store;

namespace IterativeDpo.Actors.Tests.Workers;

public sealed class GeneratorEngineTests
{
    private readonly FakeLog _log = new();
    private int _loads;

    [Fact]
    public async Task UseAsync_after_it_was_unloaded_loads_nothing()
    {
        var engine = Engine();
        await engine.UnloadAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => engine.UseAsync(null, _ => Task.CompletedTask, CancellationToken.None));

        Assert.Equal(0, _loads);
    }

    [Fact]
    public async Task UseAsync_that_waited_behind_the_unloading_loads_nothing()
    {
        var engine = Engine();
        var inUse = new TaskCompletionSource();
        var first = engine.UseAsync(null, _ => inUse.Task, CancellationToken.None);
        var unloading = engine.UnloadAsync();
        var late = engine.UseAsync(null, _ => Task.CompletedTask, CancellationToken.None);

        inUse.SetResult();
        await Task.WhenAll(first, unloading);

        await Assert.ThrowsAsync<ObjectDisposedException>(() => late);
        Assert.Equal((1, 1), (_loads, _log.Count("disposed")));
    }

    private GeneratorEngine Engine() => new(
        () =>
        {
            _loads++;
            return new FakeGenerator(_log);
        },
        new ArtifactStore(""));
}

using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Generation;

namespace IterativeDpo.Actors.Workers;

/// <summary>A generator, loaded when it is first needed, with the adapter on it that each use asks for. One use at a time.</summary>
#pragma warning disable CA1001 // A semaphore whose wait handle is never asked for holds nothing that needs disposing.
internal sealed class GeneratorEngine(Func<IGenerator> load, ArtifactStore store)
#pragma warning restore CA1001
{
    private readonly SemaphoreSlim _gate = new(1);
    private IGenerator? _generator;
    private Digest? _adapter;
    private bool _isClosed;

    /// <exception cref="ObjectDisposedException">It is unloaded, and loads nothing any more.</exception>
    public async Task UseAsync(Digest? adapter, Func<IGenerator, Task> use, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            _generator ??= load();
            if (_adapter != adapter)
            {
                _generator.UseAdapter(adapter is { } digest ? store.Verified(digest) : null);
                _adapter = adapter;
            }
            await use(_generator);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Unloads the generator once nobody uses it, for good: what comes later would load one that nobody unloads.</summary>
    public async Task UnloadAsync()
    {
        await _gate.WaitAsync();
        try
        {
            _isClosed = true;
            _generator?.Dispose();
            _generator = null;
        }
        finally
        {
            _gate.Release();
        }
    }
}

using IterativeDpo.Actors.Workers;
using IterativeDpo.Artifacts.Store;

namespace IterativeDpo.Actors.Tests.Workers;

public sealed class CheckpointArtifactTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("checkpoint");
    private readonly SteppedTime _time = new();

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Restore_onAnotherMachine_givesTheFilesOfTheLastCheckpointStored()
    {
        var store = Store();
        var (here, there) = (Folder("here"), Folder("there"));
        var stored = Checkpoint(store, here);
        Write(here, "checkpoint-1.bin", "state 2");
        Write(here, "checkpoint-1.steps", "one two");
        Write(here, "adapter.gguf", "not yet");
        _time.Advance(TimeSpan.FromMinutes(1));
        var digest = stored.StoreIfNew()!.Value;
        Write(there, "checkpoint-9.bin", "of something else");

        Checkpoint(store, there).Restore(digest);

        Assert.Equal(
            ["checkpoint-1.bin", "checkpoint-1.steps", "checkpoint.artifact"],
            Directory.EnumerateFiles(there).Select(Path.GetFileName).Order());
        Assert.Equal("state 2", File.ReadAllText(Path.Combine(there, "checkpoint-1.bin")));
    }

    [Fact]
    public void Restore_whereTheTrainingWentOnFromIt_leavesWhatIsThere()
    {
        var (store, here) = (Store(), Folder("here"));
        Write(here, "checkpoint-1.bin", "state 2");
        _time.Advance(TimeSpan.FromMinutes(1));
        var digest = Checkpoint(store, here, began: false).StoreIfNew()!.Value;
        Write(here, "checkpoint-1.bin", "state 3");

        Checkpoint(store, here).Restore(digest);

        Assert.Equal("state 3", File.ReadAllText(Path.Combine(here, "checkpoint-1.bin")));
    }

    [Fact]
    public void StoreIfNew_withoutANewCheckpointOrSoonAfterTheLast_storesNothing()
    {
        var (store, here) = (Store(), Folder("here"));
        var checkpoint = Checkpoint(store, here);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(checkpoint.StoreIfNew());
        Write(here, "checkpoint-1.bin", "state 1");
        Assert.NotNull(checkpoint.StoreIfNew());

        File.SetLastWriteTimeUtc(Path.Combine(here, "checkpoint-1.bin"), DateTime.UtcNow.AddSeconds(5));
        Assert.Null(checkpoint.StoreIfNew());
        Assert.NotNull(checkpoint.Store());
        Assert.Null(checkpoint.Store());
        File.SetLastWriteTimeUtc(Path.Combine(here, "checkpoint-1.bin"), DateTime.UtcNow.AddSeconds(10));
        _time.Advance(TimeSpan.FromMinutes(1));

        Assert.NotNull(checkpoint.StoreIfNew());
        Assert.Null(checkpoint.StoreIfNew());
    }

    private CheckpointArtifact Checkpoint(ArtifactStore store, string directory, bool began = true)
    {
        var checkpoint = new CheckpointArtifact(store, directory, _time);
        if (!began)
        {
            _time.Advance(TimeSpan.FromMinutes(1));
        }
        return checkpoint;
    }

    private ArtifactStore Store() => new(Path.Combine(_directory.FullName, "store"));

    private string Folder(string name) => _directory.CreateSubdirectory(name).FullName;

    private static void Write(string directory, string name, string text) => File.WriteAllText(Path.Combine(directory, name), text);

    private sealed class SteppedTime : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan by) => _ticks += by.Ticks;
    }
}

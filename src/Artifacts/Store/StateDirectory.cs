namespace IterativeDpo.Artifacts.Store;

/// <summary>
/// A campaign's directory, held by this process until it is disposed or dies: <c>state.json</c> says whose it is and in which format,
/// <c>lock</c> is locked by the living owner, <c>owner</c> has its process id, <c>artifacts/</c> is the store.
/// </summary>
public sealed class StateDirectory : IDisposable
{
    /// <summary>The layout's version. Raised when an older program could not read, or would harm, what a newer one wrote.</summary>
    public const int Format = 1;

    private readonly DirectoryLock _lock;

    private StateDirectory(string path, DirectoryLock held)
    {
        Root = path;
        _lock = held;
        Artifacts = ArtifactsOf(path);
    }

    private sealed record Layout(int Format, string Campaign = "");

    public string Root { get; }

    public ArtifactStore Artifacts { get; }

    /// <summary>The store of a state directory that another process may hold.</summary>
    public static ArtifactStore ArtifactsOf(string path) => new(Path.Combine(path, "artifacts"));

    /// <summary>Takes the directory for the campaign, and makes it if it is not there.</summary>
    /// <exception cref="UserInputException">
    /// In use by a living process, another campaign's, of a newer format, damaged, not writable, or on a full volume. Nothing in it was
    /// changed.
    /// </exception>
    public static StateDirectory Open(string path, string campaign)
    {
        DirectoryLock? held = null;
        try
        {
            Directory.CreateDirectory(path);
            held = DirectoryLock.Take(path, "--state");
            Claim(path, campaign);
            var directory = new StateDirectory(path, held);
            directory.Artifacts.DeleteAbandoned();
            return directory;
        }
        catch (Exception e)
        {
            held?.Dispose();
            if (IoFailure.Is(e)) throw new UserInputException($"{path}: cannot be used for the campaign's state: {IoFailure.Cause(e)}", e);
            if (e is StorageException) throw new UserInputException(e.Message, e);
            throw;
        }
    }

    public void Dispose() => _lock.Dispose();

    private static void Claim(string path, string campaign)
    {
        var file = Path.Combine(path, "state.json");
        if (!File.Exists(file))
        {
            JsonFile.WriteAtomic(file, new Layout(Format, campaign));
            return;
        }
        var found = JsonFile.Read<Layout>(file);
        if (found.Format != Format)
            throw new UserInputException($"{path}: its state has format {found.Format}, and this program knows format {Format}. "
                + "Update the program, or choose another directory with --state.");
        if (found.Campaign != campaign)
            throw new UserInputException($"{path}: holds the state of campaign '{found.Campaign}', not of '{campaign}'. "
                + "Choose another directory with --state, or run that campaign.");
    }
}

using IterativeDpo.Artifacts.Store;

namespace IterativeDpo.Artifacts.Tests.Store;

public sealed class DirectoryLockTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("dpo-lock-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void HolderOf_aDirectoryThatNobodyTook_isNobody() => Assert.Null(DirectoryLock.HolderOf(_directory.FullName));

    [Fact]
    public void HolderOf_aDirectoryThatIsTaken_isItsProcess()
    {
        using var held = DirectoryLock.Take(_directory.FullName, "--state");

        Assert.Equal(Environment.ProcessId, DirectoryLock.HolderOf(_directory.FullName));
    }

    [Theory]
    [InlineData("2147483647")]
    [InlineData("no number")]
    public void HolderOf_aProcessThatIsGone_isNobody(string owner)
    {
        File.WriteAllText(Path.Combine(_directory.FullName, "owner"), owner);

        Assert.Null(DirectoryLock.HolderOf(_directory.FullName));
    }

    /// <summary>Numbers of processes are given again.</summary>
    [Fact]
    public void HolderOf_aProcessThatBeganLater_isNobody()
    {
        var owner = Path.Combine(_directory.FullName, "owner");
        File.WriteAllText(owner, $"{Environment.ProcessId}");
        File.SetLastWriteTimeUtc(owner, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));

        Assert.Null(DirectoryLock.HolderOf(_directory.FullName));
    }
}

namespace IterativeDpo.Training.Tests;

public sealed class AvailableMemoryTests : IDisposable
{
    private const long Free = 1000 << 10;
    private readonly string _root = Directory.CreateTempSubdirectory().FullName;

    public AvailableMemoryTests() => Write("proc/meminfo", "MemTotal:       2000 kB\nMemFree:         10 kB\nMemAvailable:    1000 kB\n");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData("0::/", "sys/fs/cgroup/memory.max", "500\n", 500)]
    [InlineData("0::/", "sys/fs/cgroup/memory.max", "max\n", Free)]
    [InlineData("0::/a/b", "sys/fs/cgroup/a/memory.max", "500\n", 500)]
    [InlineData("0::/a/b", "sys/fs/cgroup/c/memory.max", "500\n", Free)]
    [InlineData("9:name=systemd:/\n4:memory:/a\n0::/", "sys/fs/cgroup/memory/memory.limit_in_bytes", "500\n", 500)]
    [InlineData("4:memory:/a", "sys/fs/cgroup/memory/a/memory.limit_in_bytes", "9223372036854771712\n", Free)]
    [InlineData("", "sys/fs/cgroup/memory.max", "9999999999\n", Free)]
    public void Bytes_isTheLeastOfMachineAndLimits(string groups, string file, string limit, long expected)
    {
        Write("proc/self/cgroup", groups);
        Write(file, limit);

        Assert.Equal(expected, AvailableMemory.Bytes(_root));
    }

    [Fact]
    public void Bytes_withoutLinuxsFiles_isWhatTheRuntimeSays() => Assert.True(AvailableMemory.Bytes(Path.Combine(_root, "elsewhere")) > 0);

    [Fact]
    public void Bytes_here_isMoreThanATestNeeds() => Assert.True(AvailableMemory.Bytes() > 1 << 28);

    private void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_root, name))!);
        File.WriteAllText(Path.Combine(_root, name), text);
    }
}

using System.Diagnostics;

namespace IterativeDpo.EndToEnd.Tests;

/// <summary>./dpo on a machine where all is well.</summary>
public sealed class LauncherTests : IDisposable
{
    private readonly FakeMachine _machine = new();

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void Start_first_restoresBuildsAndRuns()
    {
        var result = _machine.Run(["status", "--json"]);

        Assert.Equal((0, $"ran status --json in {_machine.Root}\n"), (result.ExitCode, result.Output));
        Assert.Equal(["--version", "restore", "build", "exec"], _machine.Calls.Select(call => call.Split(' ')[0]));
        Assert.True(_machine.IsBuilt);
    }

    [Fact]
    public void Start_nothingChanged_onlyRuns()
    {
        _machine.Run(["status"]);
        var calls = _machine.Calls.Count;

        var result = _machine.Run(["status"]);

        Assert.Equal((0, ""), (result.ExitCode, result.Errors));
        Assert.StartsWith("exec ", Assert.Single(_machine.Calls.Skip(calls)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("src/Host/Host.csproj")]
    [InlineData("src/Host/New.cs")]
    [InlineData("Directory.Packages.props")]
    [InlineData("eng/Natives.targets")]
    public void Start_sourceChanged_buildsAgain(string file)
    {
        _machine.Run(["status"]);

        File.AppendAllText(Path.Combine(_machine.Root, file), "\n");
        _machine.Run(["status"]);
        _machine.Run(["status"]);

        Assert.Equal(2, _machine.Builds);
    }

    [Theory]
    [InlineData("src/Host/bin")]
    [InlineData("bin")]
    public void Start_buildDeleted_buildsAgain(string folder)
    {
        _machine.Run(["status"]);

        Directory.Delete(Path.Combine(_machine.Root, folder), recursive: true);
        _machine.Run(["status"]);

        Assert.Equal(2, _machine.Builds);
    }

    [Fact]
    public void Start_anotherDevice_buildsAgain()
    {
        _machine.Run(["status"]);

        var result = _machine.Run(["status"], ("DPO_DEVICE", "cuda"));

        Assert.Equal(0, result.ExitCode);
        Assert.Equal(2, _machine.Builds);
    }

    [Fact]
    public void Start_fromAnotherFolderAndThroughALink_runsThere()
    {
        var link = Path.Combine(_machine.Home, "dpo-link");
        File.CreateSymbolicLink(link, Path.Combine(_machine.Root, "dpo"));

        Assert.Equal($"ran status in {_machine.Home}\n", _machine.RunAt(Path.Combine(_machine.Root, "dpo"), _machine.Home).Output);
        Assert.Equal($"ran status in {_machine.Home}\n", _machine.RunAt(link, _machine.Home).Output);
        Assert.Equal(1, _machine.Builds);
    }

    [Fact]
    public void Start_twoAtOnce_buildOnce()
    {
        Process[] starts = [Start(), Start()];

        var results = starts.Select(FakeMachine.Finish).ToArray();

        Assert.All(results, result => Assert.Equal(0, result.ExitCode));
        Assert.Equal(1, _machine.Builds);
        Assert.Single(results, result => result.Errors.Contains("waiting for the build of another command", StringComparison.Ordinal));

        Process Start() => _machine.Start(Path.Combine(_machine.Root, "dpo"), _machine.Root, ["status"], ("BUILD_SECONDS", "0.3"));
    }

    [Fact]
    public void Start_compilerServerStaysBehind_nextBuildDoesNotWaitForIt()
    {
        _machine.Run(["status"], ("SERVER_SECONDS", "3"));
        File.AppendAllText(Path.Combine(_machine.Root, "src/Host/New.cs"), "\n");

        var result = _machine.Run(["status"]);

        Assert.Equal(2, _machine.Builds);
        Assert.DoesNotContain("waiting", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Start_killedWhileBuilding_nextStartBuilds()
    {
        using (var start = _machine.Start(Path.Combine(_machine.Root, "dpo"), _machine.Root, ["status"], ("BUILD_SECONDS", "20")))
        {
            while (_machine.Builds == 0)
            {
                Thread.Sleep(10);
            }
            start.Kill(entireProcessTree: true);
            start.WaitForExit();
        }
        Assert.False(_machine.IsBuilt);

        Assert.Equal(0, _machine.Run(["status"]).ExitCode);
        Assert.Equal(2, _machine.Builds);
    }

    [Fact]
    public void Start_sdkInHomeAndNotOnThePath_isFound()
    {
        var sdk = Directory.CreateDirectory(Path.Combine(_machine.Home, ".dotnet")).FullName;
        File.Move(Path.Combine(_machine.Tools, "dotnet"), Path.Combine(sdk, "dotnet"));

        Assert.Equal(0, _machine.Run(["status"]).ExitCode);
    }

    [Fact]
    public void Start_freeSpaceUnknown_goesOn() => Assert.Equal(0, _machine.Run(["status"], ("FREE_MEGABYTES", "unknown")).ExitCode);

    [Fact]
    public void Test_allWell_restoresLockedAndEndsWithTheCounts()
    {
        var result = _machine.Run(["test"]);

        Assert.Equal(0, result.ExitCode);
        Assert.EndsWith("3 passed, 0 failed, 0 skipped\n", result.Output, StringComparison.Ordinal);
        Assert.Contains(
            _machine.Calls,
            call => call.StartsWith("restore IterativeDpo.sln -p:RestoreLockedMode=true", StringComparison.Ordinal));
    }
}

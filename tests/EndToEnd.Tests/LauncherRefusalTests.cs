namespace IterativeDpo.EndToEnd.Tests;

/// <summary>
/// ./dpo in bad surroundings: exit code 2 and what is wrong, where, and the way out on standard error; nothing on standard output and
/// nothing half done, so the next start works once the cause is gone. The tools' errors are what they really say.
/// </summary>
public sealed class LauncherRefusalTests : IDisposable
{
    private const string NoVersion = """
        {0}/src/Training/Training.csproj : error NU1102: Unable to find package {1} with version (>= 99.0.0)
        {0}/src/Training/Training.csproj : error NU1102:   - Found 2 version(s) in registry [ Nearest version: 0.24.0 ]
        """;
    private const string NoPackage =
        "{0}/src/Training/Training.csproj : error NU1101: Unable to find package {1}. No packages exist with this id in source(s): registry";
    private const string NoStableVersion = """
        {0}/src/Training/Training.csproj : error NU1103: Unable to find a stable package {1} with version (>= 3.0.0)
        {0}/src/Training/Training.csproj : error NU1103:   - Found 1 version(s) in registry [ Nearest version: 3.0.0-beta ]
        """;
    private const string NoSpace =
        "/usr/share/dotnet/sdk/10.0.401/NuGet.targets(198,5): error : No space left on device : '{0}/akka/1.5.73/tttasmbf.phh' [/tree/Host.csproj]";
    private const string Denied = """
        /usr/share/dotnet/sdk/10.0.401/NuGet.targets(198,5): error : Access to the path '{0}/akka' is denied. [/tree/Host.csproj]
        /usr/share/dotnet/sdk/10.0.401/NuGet.targets(198,5): error :   Permission denied [/tree/Host.csproj]
        """;
    private const string ReadOnly =
        "/usr/share/dotnet/sdk/10.0.401/NuGet.targets(198,5): error : Read-only file system : '{0}/akka' [/tree/Host.csproj]";
    private const string CutPackage =
        "/usr/share/dotnet/sdk/10.0.401/NuGet.targets(198,5): error : End of Central Directory record could not be found. [/tree/Host.csproj]";
    private const string NoNetwork = """
        /tree/src/Host/Host.csproj : error NU1301: Unable to load the service index for source https://127.0.0.1:9/v3/index.json.
        /tree/src/Host/Host.csproj : error NU1301:   Connection refused (127.0.0.1:9)
        /tree/src/Host/Host.csproj : error NU1301:   Connection refused
        """;
    private const string ChangedPackage = """
        /tree/src/Host/Host.csproj : error NU1403: Package content hash validation failed for Spectre.Console.0.49.1. The package is different than the last restore.
        /tree/src/Host/Host.csproj : error NU1403:
        """;
    private const string LockFileOutOfStep =
        "/tree/src/Host/Host.csproj : error NU1004: The package reference Spectre.Console version has changed from [0.49.1, ) to [0.49.0, ).The packages lock "
        + "file is inconsistent with the project dependencies so restore can't be run in locked mode.";
    private const string MissingLibrary =
        "/usr/share/dotnet/sdk/10.0.401/Microsoft.Common.CurrentVersion.targets(1,5): error MSB3030: Could not copy the file "
        + "\"{0}/llamasharp/0.30.0/lib/net8.0/LLamaSharp.dll\" because it was not found. [/tree/Host.csproj]";
    private const string CutLibrary = """
        natives : error DPO0001: {0}/torchsharp/0.107.0/libLibTorchSharp.so: the file is cut short or damaged; delete {0}/torchsharp/0.107.0 and start again [/tree/T.csproj]
        /tree/eng/Natives.targets(23,5): error MSB3073: The command "dotnet exec natives.dll check" exited with code 1. [/tree/T.csproj]
        """;

    private readonly FakeMachine _machine = new();

    public void Dispose() => _machine.Dispose();

    [Theory]
    [InlineData("MACHINE", "aarch64", "for x86-64 Linux; this is Linux aarch64")]
    [InlineData("MACHINE", "i686", "for x86-64 Linux; this is Linux i686")]
    [InlineData("SYSTEM", "Darwin", "for x86-64 Linux; this is Darwin x86_64")]
    [InlineData("BITS", "32", "64-bit; this system's programs are 32-bit")]
    [InlineData("LIBC", "musl", "need glibc, and this system has another C library (musl?); use Debian")]
    [InlineData("LIBC", "glibc 2.31", "need glibc 2.34, and this system has glibc 2.31; use Debian 12")]
    [InlineData("DPO_DEVICE", "gpu", "DPO_DEVICE is 'gpu'; it can be cpu or cuda")]
    [InlineData("HOME", null, "HOME is not set")]
    [InlineData(
        "SDKS",
        "8.0.122",
        "the .NET SDK 10 is needed (global.json), and {tools}/dotnet has: 8.0.122; install the package dotnet-sdk-10.0")]
    [InlineData("SDKS", "", "{tools}/dotnet has: none; install")]
    [InlineData(
        "FREE_MEGABYTES",
        "900",
        "the packages may take 1200 MB in {cache}, and 900 MB are free there: make room, or NUGET_PACKAGES can name")]
    [InlineData(
        "NUGET_PACKAGES",
        "/dev/null/packages",
        "cannot write in the package cache /dev/null/packages; NUGET_PACKAGES can name another folder")]
    public void Start_systemThatCannot_isRefused(string variable, string? value, string message) => AssertRefused(message, variable, value);

    [Fact]
    public void Start_noSpaceForTheBuild_isRefused()
    {
        Directory.CreateDirectory(Path.Combine(_machine.Cache, "libtorch-cpu-linux-x64/2.10.0"));
        File.WriteAllText(Path.Combine(_machine.Cache, "libtorch-cpu-linux-x64/2.10.0/.nupkg.metadata"), "");

        AssertRefused("the build may take 700 MB in {root}, and 600 MB are free there", "FREE_MEGABYTES", "600");
    }

    [Fact]
    public void Start_packageWithoutItsMarker_isToBeFetched()
    {
        Directory.CreateDirectory(Path.Combine(_machine.Cache, "libtorch-cpu-linux-x64/2.10.0"));

        AssertRefused("the packages may take 1200 MB", "FREE_MEGABYTES", "900");
    }

    [Fact]
    public void Start_noSdk_saysWhereItLooked()
    {
        var aside = Path.Combine(_machine.Home, "dotnet");
        File.Move(Path.Combine(_machine.Tools, "dotnet"), aside);

        var result = _machine.Run(["status"]);

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains(
            $"'dotnet' is neither on the PATH nor in {_machine.Home}/.dotnet; install the package dotnet-sdk-10.0",
            result.Errors,
            StringComparison.Ordinal);
        File.Move(aside, Path.Combine(_machine.Tools, "dotnet"));
        AssertStarts();
    }

    [Fact]
    public void Start_folderThatCannotBeWritten_isRefused()
    {
        var bin = Path.Combine(_machine.Root, "bin");
        File.WriteAllText(bin, "a file, where the folder should be");

        var result = _machine.Run(["status"]);

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains($"cannot write in {bin}", result.Errors, StringComparison.Ordinal);
        File.Delete(bin);
        AssertStarts();
    }

    [Theory]
    [InlineData(NoVersion, "LightningDB", "LightningDB\"")]
    [InlineData(NoPackage, "libtorch-cpu-linux-x64", "libtorch-cpu-linux-x64\"")]
    [InlineData(NoStableVersion, "System.CommandLine", "System.CommandLine\"")]
    [InlineData(NoVersion, "Akka.Cluster.Tools", "<AkkaVersion>")]
    public void Start_registryLacksAPackage_namesTheLineToChange(string error, string package, string inLine)
    {
        var lines = File.ReadAllLines(Path.Combine(_machine.Root, "Directory.Packages.props"));
        var line = Array.FindIndex(lines, text => text.Contains(inLine, StringComparison.Ordinal)) + 1;

        AssertRefused(
            $"no registry here has {package} as line {line} of {{root}}/Directory.Packages.props asks for it: set that line to a version that is served",
            "RESTORE_ERROR",
            error.Replace("{0}", _machine.Root, StringComparison.Ordinal).Replace("{1}", package, StringComparison.Ordinal));
    }

    [Fact]
    public void Start_registryLacksWhatAPackageNeeds_saysToAddALine() =>
        AssertRefused(
            "no registry here has Some.Thing as another package asks for it: add a line to {root}/Directory.Packages.props",
            "RESTORE_ERROR",
            NoPackage.Replace("{1}", "Some.Thing", StringComparison.Ordinal));

    [Theory]
    [InlineData(NoNetwork, "a package registry does not answer, and set-up needs it once (later starts work offline): check the network")]
    [InlineData(ChangedPackage, "delete {cache}/spectre.console/0.49.1 and start again")]
    [InlineData(NoSpace, "the disk is full (packages: {cache}, build: {root}): make room and start again")]
    [InlineData(Denied, "a file cannot be written (packages: {cache}, build: {root})")]
    [InlineData(ReadOnly, "a file cannot be written (packages: {cache}, build: {root})")]
    [InlineData(CutPackage, "a package came cut short from its registry or a proxy: start again")]
    [InlineData("Segmentation fault", "fetching the packages failed; the whole log is in {root}/bin/build.log")]
    public void Start_restoreFails_saysTheWayOut(string error, string message) =>
        AssertRefused(message, "RESTORE_ERROR", error.Replace("{0}", _machine.Cache, StringComparison.Ordinal));

    [Theory]
    [InlineData(NoSpace, "the disk is full")]
    [InlineData(MissingLibrary, "a package in the cache is damaged: delete {cache}/llamasharp/0.30.0 and start again")]
    [InlineData(CutLibrary, "the file is cut short or damaged; delete {cache}/torchsharp/0.107.0 and start again\ndpo: the build failed")]
    public void Start_buildFailsForTheSurroundings_saysTheWayOut(string error, string message) =>
        AssertRefused(message, "BUILD_ERROR", error.Replace("{0}", _machine.Cache, StringComparison.Ordinal));

    [Fact]
    public void Start_buildFailsForTheCode_isTheCodesFault() =>
        AssertRefused(
            "/tree/Host/A.cs(3,4): error CS1002: ; expected\ndpo: the build failed; the whole log is in {root}/bin/build.log",
            "BUILD_ERROR",
            "/tree/Host/A.cs(3,4): error CS1002: ; expected [/tree/Host.csproj]\n/tree/Host/A.cs(3,4): error CS1002: ; expected [/tree/Host.csproj]",
            exitCode: 1);

    [Fact]
    public void Start_cudaPackagesAreNotServed_saysHowToGoOn()
    {
        var result = _machine.Run(
            ["status"],
            ("DPO_DEVICE", "cuda"),
            ("RESTORE_ERROR", NoPackage.Replace("{1}", "TorchSharp-cuda-linux", StringComparison.Ordinal)));

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains(
            "no registry here has TorchSharp-cuda-linux: add one that has the CUDA packages (dotnet nuget add source), or use DPO_DEVICE=cpu",
            result.Errors,
            StringComparison.Ordinal);
        AssertStarts();
    }

    [Fact]
    public void Test_lockFilesOutOfStep_saysHowToWriteThemAgain()
    {
        var result = _machine.Run(["test"], ("RESTORE_ERROR", LockFileOutOfStep));

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains(
            "do not agree: dotnet restore IterativeDpo.sln --force-evaluate, and commit the lock files",
            result.Errors,
            StringComparison.Ordinal);
        Assert.Equal(0, _machine.Run(["test"]).ExitCode);
    }

    private void AssertRefused(string message, string variable, string? value, int exitCode = 2)
    {
        var result = _machine.Run(["status"], (variable, value));

        Assert.Equal((exitCode, ""), (result.ExitCode, result.Output));
        Assert.Contains(
            message.Replace("{root}", _machine.Root, StringComparison.Ordinal)
                .Replace("{cache}", _machine.Cache, StringComparison.Ordinal)
                .Replace("{tools}", _machine.Tools, StringComparison.Ordinal),
            result.Errors,
            StringComparison.Ordinal);
        Assert.False(_machine.IsBuilt);
        AssertStarts();
    }

    private void AssertStarts()
    {
        var result = _machine.Run(["status"]);

        Assert.Equal((0, $"ran status in {_machine.Root}\n"), (result.ExitCode, result.Output));
    }
}

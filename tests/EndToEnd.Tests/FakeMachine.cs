using System.Diagnostics;

namespace IterativeDpo.EndToEnd.Tests;

/// <summary>
/// The launcher in a folder of its own, on a machine that answers as the test says. Its PATH has scripts for dotnet, uname, getconf and df,
/// links to the plain tools that the launcher may use, and nothing else, so nothing is built and no network is asked.
/// </summary>
public sealed class FakeMachine : IDisposable
{
    private static readonly string[] _tools =
    [
        "bash", "env", "readlink", "dirname", "find", "flock", "mkdir", "mv", "touch", "date", "sleep",
        "cat", "grep", "sed", "awk", "sort", "head", "tail", "tee",
    ];

    /// <summary>Each says what the variable of its name holds, or what a good machine says.</summary>
    private static readonly (string Name, string Script)[] _scripts =
    [
        ("uname", """
            case "$1" in -s) echo "${SYSTEM:-Linux}" ;; -m) echo "${MACHINE:-x86_64}" ;; esac
            """),
        ("getconf", """
            case "$1" in
              GNU_LIBC_VERSION) [[ "${LIBC:-glibc 2.36}" != musl ]] || { echo "getconf: GNU_LIBC_VERSION: unknown variable" >&2; exit 1; }
                echo "${LIBC:-glibc 2.36}" ;;
              LONG_BIT) echo "${BITS:-64}" ;;
            esac
            """),
        ("df", """
            [[ "${FREE_MEGABYTES:-}" != unknown ]] || { echo "df: cannot read table of mounted file systems" >&2; exit 1; }
            echo "Filesystem 1024-blocks Used Available Capacity Mounted on"
            echo "/dev/vda 1000000000 0 $((${FREE_MEGABYTES:-50000} * 1024)) 1% /"
            """),
        ("dotnet", """
            echo "$*" >> "$CALLS"
            fail_with() { [[ -z "$1" ]] || { printf '%s\n' "$1"; exit 1; }; }
            case "$1" in
              --version) [[ "${SDKS-10.0.401}" == 10.* ]] || { echo "A compatible .NET SDK was not found." >&2; exit 155; }; echo 10.0.401 ;;
              --list-sdks) [[ -z "${SDKS-10.0.401}" ]] || echo "${SDKS-10.0.401} [/usr/share/dotnet/sdk]" ;;
              restore) fail_with "${RESTORE_ERROR:-}"
                mkdir -p "$NUGET_PACKAGES/libtorch-cpu-linux-x64/2.10.0"
                echo > "$NUGET_PACKAGES/libtorch-cpu-linux-x64/2.10.0/.nupkg.metadata" ;;
              build) sleep "${BUILD_SECONDS:-0}"
                fail_with "${BUILD_ERROR:-}"
                [[ -z "${SERVER_SECONDS:-}" ]] || sleep "$SERVER_SECONDS" < /dev/null > /dev/null 2>&1 &
                mkdir -p "$ROOT/src/Host/bin/Release/net10.0" "$ROOT/bin/natives/${DPO_DEVICE:-cpu}"
                echo > "$ROOT/src/Host/bin/Release/net10.0/dpo.dll" ;;
              exec) echo "ran ${*:3} in $PWD" ;;
              test) echo "Passed!  - Failed:     0, Passed:     3, Skipped:     0, Total:     3" ;;
            esac
            """),
    ];

    private readonly string _folder = Directory.CreateTempSubdirectory("launcher-").FullName;

    public FakeMachine()
    {
        Root = Path.Combine(_folder, "tree");
        Tools = Path.Combine(_folder, "tools");
        Home = Path.Combine(_folder, "home");
        Cache = Path.Combine(_folder, "packages");
        foreach (var folder in new[] { "eng", "src/Host", "hocon", "models", "bench" })
        {
            Directory.CreateDirectory(Path.Combine(Root, folder));
        }
        Directory.CreateDirectory(Tools);
        Directory.CreateDirectory(Home);
        var launcher = Path.Combine(AppContext.BaseDirectory, "launcher");
        foreach (var file in Directory.EnumerateFiles(launcher, "*", SearchOption.AllDirectories))
        {
            File.Copy(file, Path.Combine(Root, Path.GetRelativePath(launcher, file)));
        }
        File.WriteAllText(Path.Combine(Root, "src/Host/Host.csproj"), "<Project />");
        File.WriteAllText(Path.Combine(Root, "global.json"), "{}");
        foreach (var tool in _tools)
        {
            File.CreateSymbolicLink(
                Path.Combine(Tools, tool),
                new[] { "/usr/bin/", "/bin/" }.Select(folder => folder + tool).First(File.Exists));
        }
        foreach (var (name, script) in _scripts)
        {
            File.WriteAllText(Path.Combine(Tools, name), $"#!/usr/bin/env bash\n{script}\n");
        }
        Process
            .Start("chmod", ["+x", Path.Combine(Root, "dpo"), .. _scripts.Select(script => Path.Combine(Tools, script.Name))])
            .WaitForExit();
    }

    public string Root { get; }

    public string Tools { get; }

    public string Home { get; }

    public string Cache { get; }

    /// <summary>The commands that dotnet got, in order.</summary>
    public IReadOnlyList<string> Calls => File.Exists(CallLog) ? File.ReadAllLines(CallLog) : [];

    public int Builds => Calls.Count(call => call.StartsWith("build ", StringComparison.Ordinal));

    public bool IsBuilt => File.Exists(Path.Combine(Root, "bin", "built"));

    private string CallLog => Path.Combine(_folder, "calls");

    public LauncherResult Run(string[] arguments, params (string Name, string? Value)[] environment) =>
        Finish(Start(Path.Combine(Root, "dpo"), Root, arguments, environment));

    public LauncherResult RunAt(string launcher, string workingDirectory) => Finish(Start(launcher, workingDirectory, ["status"]));

    /// <param name="environment">A null value takes the variable away.</param>
    public Process Start(string launcher, string workingDirectory, string[] arguments, params (string Name, string? Value)[] environment)
    {
        var start = new ProcessStartInfo(launcher, arguments)
        {
            WorkingDirectory = workingDirectory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        (string, string?)[] standard = [("PATH", Tools), ("HOME", Home), ("NUGET_PACKAGES", Cache), ("ROOT", Root), ("CALLS", CallLog)];
        foreach (var (name, value) in standard.Concat(environment))
        {
            start.Environment[name] = value;
        }
        return Process.Start(start)!;
    }

    public static LauncherResult Finish(Process process)
    {
        using (process)
        {
            var errors = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return new LauncherResult(process.ExitCode, output, errors.Result);
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}

public sealed record LauncherResult(int ExitCode, string Output, string Errors);

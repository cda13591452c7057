using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace IterativeDpo.Actors.Tests.Persistence;

/// <summary>A PostgreSQL server of the tests' own, in a temporary folder and on a free port; started when it is first asked for.</summary>
public sealed class PostgresServer : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("postgres");
    private readonly int _port = FreePort();
    private bool _running;

    /// <summary>Where Debian's packages have the newest server's programs; null where none is installed.</summary>
    public static string? Programs { get; } = Directory.Exists("/usr/lib/postgresql")
        ? Directory
            .EnumerateDirectories("/usr/lib/postgresql")
            .Select(version => Path.Combine(version, "bin"))
            .Where(Directory.Exists)
            .Max()
        : null;

    private string Data => Path.Combine(_directory.FullName, "data");

    /// <summary>The address of its database, once it answers there.</summary>
    public Uri Start()
    {
        if (!Directory.Exists(Data))
        {
            // The server refuses to run as root.
            if (Environment.IsPrivilegedProcess)
            {
                Run("chown", "nobody", _directory.FullName);
            }
            RunAsUser("initdb", "-D", Data, "-U", "dpo", "-A", "trust", "-E", "UTF8", "--no-sync");
        }
        if (!_running)
        {
            RunAsUser(
                "pg_ctl",
                "start",
                "-w",
                "-D",
                Data,
                "-l",
                Path.Combine(_directory.FullName, "log"),
                "-o",
                $"-p {_port} -h 127.0.0.1 -k ''");
            _running = true;
        }
        return new Uri($"postgres://dpo@127.0.0.1:{_port}/postgres");
    }

    /// <summary>Ends it as a crash would: nothing is written, no client is told.</summary>
    public void Kill()
    {
        RunAsUser("pg_ctl", "stop", "-m", "immediate", "-D", Data);
        _running = false;
    }

    public void Dispose()
    {
        if (_running)
        {
            Kill();
        }
        _directory.Delete(recursive: true);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private void RunAsUser(string program, params string[] arguments)
    {
        var path = Path.Combine(Programs!, program);
        if (Environment.IsPrivilegedProcess)
        {
            Run("runuser", ["-u", "nobody", "--", path, .. arguments]);
        }
        else
        {
            Run(path, arguments);
        }
    }

    /// <remarks>Its output is not taken: the server would keep it open.</remarks>
    private void Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = _directory.FullName };
        using var process = Process.Start(start)!;
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: exit code {process.ExitCode}");
    }
}

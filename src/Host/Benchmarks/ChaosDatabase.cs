using System.Globalization;
using static IterativeDpo.Host.Benchmarks.ChaosTools;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>A PostgreSQL server of its own, with the programs that Debian's packages bring; whoever reaches it may write there.</summary>
internal sealed class ChaosDatabase : IDisposable
{
    private const string Folder = "postgres";

    private readonly string _directory;
    private readonly string _host;
    private readonly int _port = ChaosNetwork.FreePort();

    /// <param name="directory">Where its files are to be.</param>
    /// <param name="host">The address at which it listens.</param>
    public ChaosDatabase(string directory, string host)
    {
        (_directory, _host) = (Path.Combine(directory, Folder), host);
        Directory.CreateDirectory(_directory);
        // The server refuses to run as root, and its user has to reach the folder.
        if (Environment.IsPrivilegedProcess)
        {
            MustRun("chmod", "o+x", directory);
            MustRun("chown", "nobody", _directory);
        }
        RunAsUser("initdb", "-D", Data, "-U", "dpo", "-A", "trust", "-E", "UTF8", "--no-sync");
        File.AppendAllText(Path.Combine(Data, "pg_hba.conf"), "host all all samenet trust\n");
        Start();
    }

    /// <summary>Where the newest server's programs are; null where none is installed.</summary>
    public static string? Programs { get; } = Directory.Exists("/usr/lib/postgresql")
        ? Directory
            .EnumerateDirectories("/usr/lib/postgresql")
            .Select(version => Path.Combine(version, "bin"))
            .Where(Directory.Exists)
            .Max()
        : null;

    public Uri Address => new($"postgres://dpo@{_host}:{_port}/postgres");

    private string Data => Path.Combine(_directory, "data");

    public void Start() =>
        RunAsUser("pg_ctl", "start", "-s", "-w", "-D", Data, "-l", Path.Combine(_directory, "log"), "-o", $"-p {_port} -h {_host} -k ''");

    /// <summary>Ends it as a crash would: nothing is written, no client is told.</summary>
    public void Kill() => RunAsUser("pg_ctl", "stop", "-s", "-m", "immediate", "-D", Data);

    public void Dispose()
    {
        if (File.Exists(Path.Combine(Data, "postmaster.pid")))
        {
            Kill();
        }
    }

    /// <summary>The server in the directory of a run; null where none is.</summary>
    public static int? ProcessIn(string directory) =>
        Path.Combine(directory, Folder, "data", "postmaster.pid") is var file && File.Exists(file)
        ? int.Parse(File.ReadLines(file).First(), CultureInfo.InvariantCulture)
        : null;

    private static void RunAsUser(string program, params string[] arguments)
    {
        var path = Path.Combine(Programs!, program);
        if (Environment.IsPrivilegedProcess)
        {
            MustRun("runuser", ["-u", "nobody", "--", path, .. arguments]);
        }
        else
        {
            MustRun(path, arguments);
        }
    }
}

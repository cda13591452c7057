using System.Text.RegularExpressions;
using IterativeDpo.Host.Nodes;
using static System.Globalization.CultureInfo;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>
/// What a run leaves on this machine if it is killed: namespaces with the nodes in them, bridges, a small disk, a database server. All of
/// it has the run's process in its name.
/// </summary>
internal static partial class ChaosLeftovers
{
    private const int Kill = 9;

    /// <summary>What names of this run begin with; a network device's may have 15 characters, and the process takes up to 7.</summary>
    public static string Prefix { get; } = $"dpo{Environment.ProcessId}";

    /// <summary>Removes what runs left that are not any more.</summary>
    public static void Remove()
    {
        if (ChaosTools.Exists("ip"))
        {
            // A line has more behind the name.
            foreach (var name in ChaosTools.OutputOf("ip", "netns", "list").Split('\n').Select(line => line.Split(' ')[0]).Where(IsLeft))
            {
                RemoveNamespace(name);
            }
            foreach (var bridge in Directory.GetDirectories("/sys/class/net").Select(path => Path.GetFileName(path)!).Where(IsLeft))
            {
                ChaosTools.Run("ip", "link", "del", bridge);
            }
        }
        foreach (var mount in File.ReadLines("/proc/mounts").Select(line => line.Split(' ')).Where(mount => IsLeft(mount[0])).ToList())
        {
            ChaosTools.Run("umount", "-l", mount[1]);
        }
        foreach (var server in Directory
                .GetDirectories(Path.GetTempPath(), "dpo*-chaos-*")
                .Where(path => IsLeft(Path.GetFileName(path)))
                .Select(ChaosDatabase.ProcessIn))
        {
            NodeProcess.Signal(server ?? Environment.ProcessId, server is null ? 0 : Kill);
        }
    }

    /// <summary>Ends what runs in a namespace, and takes it away with its devices.</summary>
    public static void RemoveNamespace(string name)
    {
        foreach (var process in ChaosTools.OutputOf("ip", "netns", "pids", name).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            NodeProcess.Signal(int.Parse(process, InvariantCulture), Kill);
        }
        ChaosTools.Run("ip", "netns", "del", name);
    }

    private static bool IsLeft(string name) => ProcessOf(name) is { } process && !Directory.Exists($"/proc/{process}");

    /// <summary>The run that a name is of; null where it is of none.</summary>
    internal static int? ProcessOf(string name) =>
        NameOfARun().Match(name) is { Success: true } match ? int.Parse(match.Groups[1].Value, InvariantCulture) : null;

    [GeneratedRegex(@"^dpo(\d{1,9})(?:-|[ab]$)")]
    private static partial Regex NameOfARun();
}

using System.Diagnostics;
using IterativeDpo.Actors.Nodes;
using IterativeDpo.Host.Nodes;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>A node of the cluster that chaos wounds: two processes, <c>dpo node</c> and the one below it.</summary>
/// <param name="place">Where it is.</param>
/// <param name="command">A command line of this program that arguments are put after.</param>
/// <param name="arguments">Of <c>dpo node</c>, beside name, roles and place.</param>
/// <param name="log">Gets its lines.</param>
internal sealed class ChaosNode(
    string name,
    IReadOnlyList<string> roles,
    ChaosPlace place,
    IReadOnlyList<string> command,
    IReadOnlyList<string> arguments,
    ChaosLog log) : IDisposable
{
    private volatile bool _isWounded;
    private Process? _process;

    public string Name => name;

    public IReadOnlyList<string> Roles => roles;

    public ChaosPlace Place => place;

    public bool IsCoordinator => roles.Contains(NodeRoles.Coordinator);

    /// <summary>Whether it comes and goes: nobody counts on it.</summary>
    public bool IsGuest { get; init; }

    /// <summary>Where its journal is; null is a file in its state directory.</summary>
    public Uri? Journal { get; init; }

    /// <summary>Whether a fault is under way on it.</summary>
    public bool IsWounded
    {
        get => _isWounded;
        set => _isWounded = value;
    }

    /// <summary>The process that was started, and below it the node itself.</summary>
    public int[] Processes => [_process!.Id, .. Children()];

    public void Start()
    {
        _process?.Dispose();
        string[] line =
        [
            .. place.Prefix,
            .. command,
            "node",
            "--name",
            name,
            "--roles",
            string.Join(',', roles),
            .. place.Arguments,
            .. arguments,
        ];
        // Lines of two processes come by one pipe.
        var start = new ProcessStartInfo(line[0], line[1..]) { RedirectStandardError = true };
        if (Journal is not null)
        {
            start.Environment["DPO_NODE_JOURNAL"] = Journal.ToString();
        }
        _process = MeasuredProcess.Start(start);
        _process.ErrorDataReceived += (_, said) =>
        {
            if (said.Data is { } text)
            {
                log.Write(name, text);
            }
        };
        _process.BeginErrorReadLine();
    }

    /// <summary>SIGKILL to both processes at once.</summary>
    public void Kill()
    {
        if (_process is { HasExited: false } process)
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit(TimeSpan.FromSeconds(5));
        }
    }

    /// <summary>SIGKILL to the node itself, which an engine may take down; its supervisor starts another.</summary>
    public void KillChild() => Signal(9, Children());

    public void Freeze() => Signal(19, [_process!.Id, .. Children()]);

    public void Wake() => Signal(18, [_process!.Id, .. Children()]);

    public void Terminate() => Signal(15, [_process!.Id]);

    /// <summary>Whether it has ended by itself by then.</summary>
    public bool HasEnded(TimeSpan patience) => _process!.WaitForExit(patience);

    public void Dispose()
    {
        Kill();
        _process?.Dispose();
    }

    private static void Signal(int signal, IEnumerable<int> processes)
    {
        foreach (var process in processes)
        {
            NodeProcess.Signal(process, signal);
        }
    }

    private int[] Children()
    {
        try
        {
            return
            [
                .. Directory.EnumerateDirectories($"/proc/{_process!.Id}/task")
                    .SelectMany(thread =>
                        File.ReadAllText(Path.Combine(thread, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
                    .Select(int.Parse),
            ];
        }
        catch (IOException)
        {
            // It is gone.
            return [];
        }
    }
}

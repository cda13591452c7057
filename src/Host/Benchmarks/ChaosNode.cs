using System.Diagnostics;
using IterativeDpo.Host.Nodes;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>A node of the cluster that <see cref="ChaosBenchmark"/> wounds: two processes, <c>dpo node</c> and the one below it.</summary>
/// <param name="command">A command line of this program that arguments are put after.</param>
/// <param name="arguments">Of <c>dpo node</c>.</param>
/// <param name="log">Gets its lines.</param>
internal sealed class ChaosNode(string name, IReadOnlyList<string> command, IReadOnlyList<string> arguments, TextWriter log) : IDisposable
{
    private Process? _process;

    public string Name => name;

    /// <summary>Whether a fault is under way on it, or it is not started.</summary>
    public bool IsWounded { get; set; }

    public void Start()
    {
        _process?.Dispose();
        // Lines of two processes come by one pipe.
        _process = MeasuredProcess.Start(new ProcessStartInfo(command[0], [.. command.Skip(1), "node", .. arguments]) { RedirectStandardError = true });
        _process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is { } text)
            {
                lock (log)
                {
                    log.WriteLine($"{TimeProvider.System.GetLocalNow():HH:mm:ss.fff} {name}: {text}");
                }
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
                    .SelectMany(thread => File.ReadAllText(Path.Combine(thread, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries)).Select(int.Parse),
            ];
        }
        catch (IOException)
        {
            // It is gone.
            return [];
        }
    }
}

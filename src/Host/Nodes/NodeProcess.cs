using System.Diagnostics;
using System.Runtime.InteropServices;

namespace IterativeDpo.Host.Nodes;

/// <summary>
/// A node runs in a process of its own, below the one that was started: an abort in a native engine, or one that hangs, ends that process,
/// and another takes its place. What it had in hand is leased, so nothing is lost with it.
/// </summary>
internal static class NodeProcess
{
    /// <summary>Set for the process that is the node, to a name of its supervisor.</summary>
    private const string Marker = "DPO_NODE_SUPERVISED";

    private const int Terminate = 15;

    private static readonly TimeSpan s_shortest = TimeSpan.FromSeconds(1), s_longest = TimeSpan.FromSeconds(30);

    /// <summary>Whether this process is the node, and not its supervisor.</summary>
    public static bool IsNode => Supervisor is not null;

    /// <summary>Names the supervisor of this process like no other; null where it is none's.</summary>
    public static string? Supervisor => Environment.GetEnvironmentVariable(Marker);

    /// <summary>Ends this process, the node, once its supervisor is gone.</summary>
    public static void EndWithSupervisor() => new Thread(() =>
    {
        // Nothing is ever written there: it ends when the other side does.
        using var input = Console.OpenStandardInput();
        while (input.ReadByte() >= 0)
        {
        }
        Process.GetCurrentProcess().Kill();
    })
    { IsBackground = true, Name = "supervisor" }.Start();

    /// <summary>Runs the same command as the node, again and again until it ends by itself.</summary>
    public static async Task<int> SuperviseAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var (pause, name) = (s_shortest, Guid.NewGuid().ToString("N"));
        while (true)
        {
            var began = Stopwatch.GetTimestamp();
            using var process = Start(arguments, name);
            await using var stop = cancellationToken.Register(() => _ = Kill(process.Id, Terminate));
            await process.WaitForExitAsync(CancellationToken.None);
            if (cancellationToken.IsCancellationRequested || process.ExitCode is ExitCodes.Done or ExitCodes.BadInput)
            {
                return process.ExitCode == ExitCodes.Interrupted ? ExitCodes.Done : process.ExitCode;
            }
            pause =
                Stopwatch.GetElapsedTime(began) > s_longest ? s_shortest : TimeSpan.FromTicks(Math.Min(2 * pause.Ticks, s_longest.Ticks));
            await Console.Error.WriteLineAsync(
                $"dpo: the node's process ended with {process.ExitCode}; it is started again in {pause.TotalSeconds:0} s");
            try
            {
                await Task.Delay(pause, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return ExitCodes.Done;
            }
        }
    }

    /// <summary>Sends a signal; a process that is gone gets none.</summary>
    internal static void Signal(int process, int signal) => _ = Kill(process, signal);

    private static Process Start(IReadOnlyList<string> arguments, string supervisor)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardInput = true,
            Environment = { [Marker] = supervisor },
        };
        // dotnet exec dpo.dll, or the program itself.
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add("exec");
            start.ArgumentList.Add(typeof(NodeProcess).Assembly.Location);
        }
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
        return Process.Start(start)!;
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);
}

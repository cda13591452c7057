using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>One side of a comparison in a process of its own: its peak memory is then its own.</summary>
internal static class MeasuredProcess
{
    /// <param name="command">A command line that prints a <see cref="TrainerMeasurement"/> as JSON.</param>
    /// <param name="environment">What the process has in its environment beside this one's.</param>
    /// <exception cref="BenchmarkException">The command cannot be run, or failed.</exception>
    /// <exception cref="OperationCanceledException">The command was ended, too.</exception>
    public static TrainerMeasurement Run(
        IReadOnlyList<string> command, CancellationToken cancellation, IReadOnlyDictionary<string, string>? environment = null)
    {
        cancellation.ThrowIfCancellationRequested();
        Console.Error.WriteLine($"measuring: {string.Join(' ', command)}");
        var start = new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardOutput = true };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }
        using var process = Start(start);
        using var ending = cancellation.Register(() => process.Kill(entireProcessTree: true));
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        cancellation.ThrowIfCancellationRequested();
        return process.ExitCode == 0
            ? JsonSerializer.Deserialize<TrainerMeasurement>(output)!
            : throw new BenchmarkException($"'{string.Join(' ', command)}' ended with {process.ExitCode}: {output}");
    }

    public static TrainerMeasurement Median(IEnumerable<TrainerMeasurement> turns)
    {
        var ordered = turns.OrderBy(turn => turn.RealTokensPerSecond).ToList();
        return ordered[ordered.Count / 2];
    }

    /// <exception cref="BenchmarkException">The command cannot be run.</exception>
    public static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new BenchmarkException($"'{start.FileName}' cannot be run: {e.Message}.");
        }
    }
}

using System.Diagnostics;
using IterativeDpo.Generation;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>
/// Busy neighbours on the machine for as long as this lives: processes that compute on one thread each and touch no memory. They end with
/// their standard input, so also when this process is killed.
/// </summary>
public sealed class Neighbours : IDisposable
{
    private readonly List<Process> _processes = [];

    /// <param name="worker">A command line that runs <see cref="RunWorker"/>.</param>
    /// <param name="count">How many; may be none.</param>
    /// <returns>When all of them are busy.</returns>
    /// <exception cref="BenchmarkException">One of them did not start.</exception>
    public static Neighbours Start(IReadOnlyList<string> worker, int count)
    {
        var neighbours = new Neighbours();
        try
        {
            for (var i = 0; i < count; i++)
            {
                var process = MeasuredProcess.Start(
                    new ProcessStartInfo(worker[0], worker.Skip(1)) { RedirectStandardInput = true, RedirectStandardOutput = true });
                neighbours._processes.Add(process);
                if (process.StandardOutput.ReadLine() is null)
                {
                    throw new BenchmarkException($"'{string.Join(' ', worker)}' ended at once.");
                }
            }
            if (count > 0)
            {
                Console.Error.WriteLine($"busy neighbours: {count}");
            }
            return neighbours;
        }
        catch
        {
            neighbours.Dispose();
            throw;
        }
    }

    /// <summary>One neighbour: says that it is busy, and computes until its input ends.</summary>
    public static void RunWorker(TextReader input, TextWriter output)
    {
        output.WriteLine("busy");
        var ended = false;
        new Thread(() =>
        {
            while (input.Read() >= 0)
            {
            }
            Volatile.Write(ref ended, true);
        })
        { IsBackground = true }.Start();
        for (ulong state = 0; !Volatile.Read(ref ended);)
        {
            state = SampleSeed.Mix(state);
        }
    }

    public void Dispose()
    {
        foreach (var process in _processes)
        {
            process.StandardInput.Close();
            process.WaitForExit();
            process.Dispose();
        }
    }
}

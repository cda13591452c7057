using System.Diagnostics;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>Programs of the system that chaos is made with.</summary>
internal static class ChaosTools
{
    /// <returns>Its exit code.</returns>
    public static int Run(string program, params IEnumerable<string> arguments)
    {
        // Standard output belongs to results.
        using var process = MeasuredProcess.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true });
        _ = process.StandardOutput.ReadToEndAsync();
        process.WaitForExit();
        return process.ExitCode;
    }

    /// <exception cref="BenchmarkException">It fails.</exception>
    public static void MustRun(string program, params string[] arguments)
    {
        if (Run(program, arguments) is not 0 and var code)
        {
            throw new BenchmarkException($"{program} {string.Join(' ', arguments)} ended with {code}");
        }
    }

    public static string OutputOf(string program, params string[] arguments)
    {
        using var process = MeasuredProcess.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true });
        return process.StandardOutput.ReadToEnd();
    }

    public static bool Exists(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(':')
            .Append("/usr/sbin")
            .Any(directory => File.Exists(Path.Combine(directory, program)));
}

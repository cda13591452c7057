using System.Diagnostics;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>This program, as a user runs it.</summary>
/// <param name="Command">A command line that arguments are put after.</param>
internal sealed record ChaosProgram(IReadOnlyList<string> Command)
{
    /// <exception cref="BenchmarkException">It fails.</exception>
    public async Task RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        using var process = MeasuredProcess.Start(
            new ProcessStartInfo(Command[0], [.. Command.Skip(1), .. arguments])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            });
        using var ending = cancellationToken.Register(() => process.Kill(entireProcessTree: true));
        var (output, errors) = (
            process.StandardOutput.ReadToEndAsync(cancellationToken),
            process.StandardError.ReadToEndAsync(cancellationToken));
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0)
        {
            throw new BenchmarkException($"dpo {string.Join(' ', arguments)} ended with {process.ExitCode}: {await errors}{await output}");
        }
    }
}

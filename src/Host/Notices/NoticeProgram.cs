using System.ComponentModel;
using System.Diagnostics;
using IterativeDpo.Campaigns.Configuration;

namespace IterativeDpo.Host.Notices;

/// <summary>
/// Starts a program of the user's for each notice, which gets it as JSON on its standard input. It is started once: whether it has done its
/// work when it fails, nobody knows.
/// </summary>
internal sealed class NoticeProgram(NoticeOptions options)
{
    private const int MostErrorLetters = 300;

    /// <exception cref="NoticeException">It cannot be started, fails, or takes too long.</exception>
    public async Task DeliverAsync(Notice notice, CancellationToken cancellationToken)
    {
        // A bare name is looked for where programs are; a path is relative to the directory.
        var program = options.Command[0].Contains('/', StringComparison.Ordinal)
            ? Path.GetFullPath(options.Command[0], options.Directory)
            : options.Command[0];
        var start = new ProcessStartInfo(program, options.Command.Skip(1))
        {
            WorkingDirectory = options.Directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Start(start);
        var error = "";
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, line) =>
            error = string.IsNullOrWhiteSpace(line.Data) ? error : line.Data[..Math.Min(line.Data.Length, MostErrorLetters)];
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(options.Timeout);
        try
        {
            await WriteAsync(process, notice, timeout.Token);
            await process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            cancellationToken.ThrowIfCancellationRequested();
            throw new NoticeException($"{program} does not end within {options.Timeout} (campaign.notices.command)");
        }
        if (process.ExitCode != 0)
        {
            throw new NoticeException(
                $"{program} ends with {process.ExitCode}{(error.Length > 0 ? $": {error}" : "")} (campaign.notices.command)");
        }
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new NoticeException($"{start.FileName} cannot be started: {e.Message} (campaign.notices.command)", e);
        }
    }

    private static async Task WriteAsync(Process process, Notice notice, CancellationToken cancellationToken)
    {
        try
        {
            await process.StandardInput.BaseStream.WriteAsync(notice.ToJson(), cancellationToken);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It does not read what it is told; how it ends counts.
        }
    }
}

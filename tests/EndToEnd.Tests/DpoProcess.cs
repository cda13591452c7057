using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace IterativeDpo.EndToEnd.Tests;

/// <summary>The real executable in a process of its own: its lines as they come, signals, and its exit code.</summary>
public sealed class DpoProcess : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(3);
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly BlockingCollection<string> _errorLines = [];
    private readonly StringBuilder _errors = new();

    private DpoProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Append(_output, line.Data);
        process.ErrorDataReceived += (_, line) =>
        {
            Append(_errors, line.Data);
            if (line.Data is null)
            {
                _errorLines.CompleteAdding();
            }
            else
            {
                _errorLines.Add(line.Data);
            }
        };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    public string Output => Text(_output);

    public string Errors => Text(_errors);

    public JsonElement Json => JsonDocument.Parse(Output).RootElement;

    public static DpoProcess Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        // Several run at once, and few are looked at.
        start.Environment["DPO_PAGE"] = "off";
        start.Environment["DPO_CACHE"] = Path.Combine(AppContext.BaseDirectory, "cache");
        start.ArgumentList.Add("exec");
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "dpo.dll"));
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
        return new DpoProcess(Process.Start(start)!);
    }

    /// <summary>Runs to the end.</summary>
    public static DpoProcess Run(params string[] arguments)
    {
        var process = Start(arguments);
        process.WaitForExit();
        return process;
    }

    /// <summary>Waits for a line on standard error; false when the process ended without it.</summary>
    public bool WaitForLine(Func<string, bool> matches)
    {
        using var deadline = new CancellationTokenSource(_patience);
        foreach (var line in _errorLines.GetConsumingEnumerable(deadline.Token))
        {
            if (matches(line))
            {
                return true;
            }
        }
        return false;
    }

    public int WaitForExit()
    {
        if (!_process.WaitForExit(_patience))
        {
            _process.Kill(entireProcessTree: true);
            throw new TimeoutException($"dpo did not end. Its standard error:\n{Errors}");
        }
        _process.WaitForExit();
        return _process.ExitCode;
    }

    public int ExitCode => WaitForExit();

    public bool HasExited => _process.HasExited;

    /// <summary>Its processes, itself first.</summary>
    public IReadOnlyList<int> Tree => [Id, .. Living().Where(other => other.Parent == Id).Select(other => other.Id)];

    /// <summary>SIGKILL: no handler runs.</summary>
    public void Kill9()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    /// <summary>SIGINT, as Ctrl-C sends it.</summary>
    public void Interrupt() => Signal("INT", _process.Id);

    public static void Signal(string signal, params IEnumerable<int> processes) =>
        Process.Start("kill", [$"-{signal}", .. processes.Select(process => process.ToString())]).WaitForExit();

    /// <summary>Every process but those that nobody has asked after.</summary>
    public static IEnumerable<(int Id, int Parent)> Living()
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(folder => int.TryParse(Path.GetFileName(folder), out _)))
        {
            string stat;
            try
            {
                stat = File.ReadAllText(Path.Combine(folder, "stat"));
            }
            catch (IOException)
            {
                continue; // It has ended meanwhile.
            }
            // "1 (name) state parent …", and a name may have brackets.
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            if (fields[0] is not ("Z" or "X"))
            {
                yield return (int.Parse(Path.GetFileName(folder)), int.Parse(fields[1]));
            }
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }
        _process.Dispose();
        _errorLines.Dispose();
    }

    private static void Append(StringBuilder text, string? line)
    {
        if (line is not null)
        {
            lock (text)
            {
                text.AppendLine(line);
            }
        }
    }

    private static string Text(StringBuilder text)
    {
        lock (text)
        {
            return text.ToString();
        }
    }
}

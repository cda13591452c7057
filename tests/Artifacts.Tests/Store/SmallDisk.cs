using System.Diagnostics;

namespace IterativeDpo.Artifacts.Tests.Store;

/// <summary>A volume of a test's own, in memory, to be filled up.</summary>
internal sealed class SmallDisk : IDisposable
{
    private static readonly Lazy<string?> s_whySkipped = new(Try);

    public SmallDisk(int kibibytes)
    {
        Root = Directory.CreateTempSubdirectory("disk").FullName;
        if (Run("mount", "-t", "tmpfs", "-o", $"size={kibibytes}k", "tmpfs", Root) is { } problem)
        {
            Directory.Delete(Root);
            throw new InvalidOperationException(problem);
        }
    }

    /// <summary>Why there can be none on this machine, or null.</summary>
    public static string? WhySkipped => s_whySkipped.Value;

    public string Root { get; }

    public string this[string name] => Path.Combine(Root, name);

    /// <summary>Takes all the space that is left.</summary>
    public void Fill()
    {
        using var filler = new FileStream(this["filler"], FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            while (true) filler.Write(new byte[4096]);
        }
        catch (IOException)
        {
            // That was the last page.
        }
    }

    /// <summary>Gives back what <see cref="Fill"/> took.</summary>
    public void Free() => File.Delete(this["filler"]);

    public void Dispose()
    {
        // Lazily: a pool may still hold a file.
        Run("umount", "-l", Root);
        Directory.Delete(Root);
    }

    private static string? Try()
    {
        try
        {
            new SmallDisk(64).Dispose();
            return null;
        }
        catch (Exception e)
        {
            return $"No volume can be mounted to be filled up ({e.Message.Trim()}). To have it: run the tests as root";
        }
    }

    /// <returns>What went wrong, or null.</returns>
    private static string? Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? null : errors;
    }
}

/// <summary>A test that fills up a volume; skipped where none can be mounted.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SmallDiskFactAttribute : FactAttribute
{
    public SmallDiskFactAttribute() => Skip = SmallDisk.WhySkipped!;
}

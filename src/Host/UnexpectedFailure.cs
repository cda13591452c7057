using System.Reflection;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Host.Terminal;

namespace IterativeDpo.Host;

/// <summary>A failure that nobody foresaw, as one line and a file with the rest, for whoever mends it.</summary>
internal static class UnexpectedFailure
{
    /// <summary>On a thread of its own it would end the process with a stack trace.</summary>
    public static void CatchOnThreads() => AppDomain.CurrentDomain.UnhandledException += (_, failure) =>
    {
        Console.Error.WriteLine($"dpo: {Describe((Exception)failure.ExceptionObject, Path.GetTempPath())}");
        Environment.Exit(ExitCodes.Failed);
    };

    /// <summary>What to say of it; the details go to a new file in the directory.</summary>
    public static string Describe(Exception error, string directory)
    {
        var message = PlainText.Of(error.Message.ReplaceLineEndings(" "));
        // A full or broken disk, and no more memory, are no faults of this program.
        return IoFailure.Is(error) || error is OutOfMemoryException
            ? message
            : $"{message} (a fault of this program: {Keep(error, directory)})";
    }

    private static string Keep(Exception error, string directory)
    {
        var path = Path.Combine(directory, $"dpo-failure-{Path.GetRandomFileName()}.txt");
        try
        {
            var version = typeof(UnexpectedFailure)
                .Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()
                ?.InformationalVersion;
            File.WriteAllText(path, $"IterativeDpo {version}, {Environment.OSVersion}, .NET {Environment.Version}\n{error}\n");
            return $"{path} has the details to report it with";
        }
        catch (Exception e) when (IoFailure.Is(e))
        {
            return $"{error.GetType().Name}, and {directory} takes no file with its details";
        }
    }
}

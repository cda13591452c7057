using System.Diagnostics;

namespace IterativeDpo.Artifacts.Tests;

/// <summary>Starts this assembly's own <c>Program</c> in another process.</summary>
internal static class SecondProcess
{
    /// <summary>The command line of the program, for a shell.</summary>
    public static string Command => $"'{Dotnet}' exec '{typeof(SecondProcess).Assembly.Location}'";

    // root/shared/Microsoft.NETCore.App/10.x/System.Private.CoreLib.dll
    private static string Dotnet =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "../../../dotnet"));

    public static Process Start(string shellCommand)
    {
        var start = new ProcessStartInfo("/bin/bash", ["-c", shellCommand]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        return Process.Start(start)!;
    }
}

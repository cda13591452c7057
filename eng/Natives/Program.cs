// natives SOURCE TARGET: lays a copy of a native library where the build wants it, fitted to this system's libstdc++.
// A build step of src/Training (eng/Natives.targets). What was done is written beside the copy, in TARGET.txt, and printed by `dpo doctor`.
using IterativeDpo.Natives;

if (args is not [var source, var target])
{
    Console.Error.WriteLine("usage: natives SOURCE TARGET");
    return 2;
}
try
{
    var library = File.ReadAllBytes(source);
    var weakened = VersionNeeds.Weaken(library, SystemLibrary.StdCxx, SystemLibrary.VersionsOf(SystemLibrary.StdCxx));
    Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(target))!);
    File.WriteAllBytes(target + ".new", library);
    File.WriteAllText(
        target + ".txt",
        weakened.Count == 0
            ? "as in its package"
            : $"{string.Join(", ", weakened)} no longer asked for: this system's {SystemLibrary.StdCxx} lacks it, and nothing in the library uses it");
    File.Move(target + ".new", target, overwrite: true);
    return 0;
}
catch (Exception error) when (error is InvalidDataException or IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"natives: error DPO0001: {source}: {error.Message}");
    return 1;
}

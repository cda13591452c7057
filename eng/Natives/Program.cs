// natives check FILE...      refuses a native library that is cut short, and says which package to delete
// natives fit SOURCE TARGET  lays a copy of a native library where the build wants it, fitted to this system's libstdc++;
//                            what was done is written beside the copy, in TARGET.txt
// Build steps of the projects with engines (eng/Natives.targets).
using IterativeDpo.Natives;

return args switch
{
    ["check", .. var files] => files.Where(file => !Check(file)).ToArray() is [] ? 0 : 1,
    ["fit", var source, var target] => Fit(source, target) ? 0 : 1,
    _ => Usage(),
};

static bool Check(string file)
{
    try
    {
        WholeFile.Ensure(file);
        return true;
    }
    catch (Exception error) when (error is InvalidDataException or IOException or UnauthorizedAccessException)
    {
        Console.Error.WriteLine(
            $"natives: error DPO0001: {file}: {error.Message}; delete {WholeFile.ToDelete(file)} and start again: it is fetched anew");
        return false;
    }
}

static bool Fit(string source, string target)
{
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
        return true;
    }
    catch (Exception error) when (error is InvalidDataException or IOException or UnauthorizedAccessException)
    {
        DeleteUnfinished(target + ".new");
        Console.Error.WriteLine($"natives: error DPO0002: {source}: {error.Message}");
        return false;
    }
}

static void DeleteUnfinished(string file)
{
    if (File.Exists(file))
    {
        File.Delete(file);
    }
}

static int Usage()
{
    Console.Error.WriteLine("usage: natives check FILE... | natives fit SOURCE TARGET");
    return 2;
}

namespace IterativeDpo.Artifacts;

/// <summary>Opens what a user named to be read, or says what there is in its place.</summary>
public static class InputFile
{
    /// <exception cref="UserInputException">There is nothing, a directory, a link that leads nowhere, or a file that cannot be
    /// read.</exception>
    public static FileStream Open(string path, FileOptions options = FileOptions.SequentialScan)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 14, options);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserInputException($"{path}: {Problem(path, e)}", e);
        }
    }

    private static string Problem(string path, Exception e) => e switch
    {
        _ when Directory.Exists(path) => "this is a directory, and a file belongs here. Name the file.",
        _ when LinkProblem(path) is { } problem => problem,
        UnauthorizedAccessException => "this user may not read it. Make it readable, or choose another file.",
        FileNotFoundException or DirectoryNotFoundException => "there is no such file. Check the path.",
        _ => $"it cannot be read: {e.Message}",
    };

    private static string? LinkProblem(string path)
    {
        try
        {
            return
                new FileInfo(path) is { LinkTarget: { } next } link
                && link.ResolveLinkTarget(returnFinalTarget: true) is { Exists: false } target
                ? $"this is a link, and there is nothing at {(target.FullName == Path.GetFullPath(next, Path.GetDirectoryName(Path.GetFullPath(path))!) ? next : target.FullName)}. Check where it leads."
                : null;
        }
        catch (IOException)
        {
            return "this is a link that leads back to itself. Check where it leads.";
        }
        catch (UnauthorizedAccessException)
        {
            return null;
        }
    }
}

namespace IterativeDpo.Natives;

/// <summary>
/// Whether a native library is all there. A download that was cut short lacks its end, and the section table or a section lies there;
/// so the header and the table are all that is read of LibTorch's 460 MB.
/// </summary>
public static class WholeFile
{
    /// <exception cref="InvalidDataException">It is no library, or is cut short.</exception>
    /// <exception cref="IOException">It is not there, or cannot be read.</exception>
    public static void Ensure(string path)
    {
        using var file = File.OpenHandle(path);
        ElfSection.ReadTable(RandomAccess.GetLength(file), (offset, length) =>
        {
            var bytes = new byte[length];
            return RandomAccess.Read(file, bytes, offset) == length
                ? bytes
                : throw new InvalidDataException("the file got shorter while it was read");
        });
    }

    /// <summary>What to delete so that the file comes again: its package's folder in the cache, or else the file itself.</summary>
    public static string ToDelete(string path)
    {
        for (var folder = Path.GetDirectoryName(path); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (Directory.Exists(folder) && Directory.EnumerateFiles(folder, "*.nuspec").Any())
            {
                return folder;
            }
        }
        return path;
    }
}

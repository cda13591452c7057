using Akka.Configuration;
using Akka.Configuration.Hocon;
using IterativeDpo.Artifacts;

namespace IterativeDpo.Actors.Configuration;

/// <summary>
/// A HOCON file with the files it includes, and where each key was set. An included file is relative to the one that includes it,
/// and its substitutions see its own keys only.
/// </summary>
internal sealed class HoconFile
{
    private readonly Dictionary<string, ConfigurationOrigin> _origins = new(StringComparer.Ordinal);
    private readonly Stack<string> _open = [];

    private HoconFile(string path)
    {
        Path = path;
        Config = new Config(Parse(path, ""));
    }

    public string Path { get; }

    public Config Config { get; }

    /// <summary>Where each key was set last.</summary>
    public IReadOnlyDictionary<string, ConfigurationOrigin> Origins => _origins;

    /// <exception cref="UserInputException">No such file, or a malformed one; names file and line.</exception>
    public static HoconFile Load(string path)
    {
        if (!File.Exists(path))
        {
            throw new UserInputException($"{path}: there is no such configuration file; check the path.");
        }
        return new HoconFile(path);
    }

    private HoconRoot Parse(string path, string prefix)
    {
        var text = ReadText(path);
        var directory = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
        var included = new Queue<HoconRoot>();
        _open.Push(System.IO.Path.GetFullPath(path));
        foreach (var entry in HoconOutline.Read(path, text))
        {
            var place = $"{path}, line {entry.Line}";
            var key = Join(prefix, entry.Key);
            if (entry.IncludedFile is null)
            {
                _origins[key] = new ConfigurationOrigin(place, directory);
            }
            else
            {
                included.Enqueue(Include(System.IO.Path.Combine(directory, entry.IncludedFile), key, place));
            }
        }
        _open.Pop();
        try
        {
            // A new root without substitutions: they are resolved, and the parser would look for them again under the wrong path.
            return new HoconRoot(Parser.Parse(text, _ => included.Dequeue()).Value);
        }
        catch (Exception e) when (e is FormatException or ConfigurationException)
        {
            // Akka's parser takes no comma behind a section.
            var remedy = text.Contains("},", StringComparison.Ordinal) ? " After a section's } goes a line end or a space, and no comma." : "";
            throw new UserInputException($"{path} is not HOCON that can be read: {e.Message}{remedy}", e);
        }
    }

    private HoconRoot Include(string path, string prefix, string place)
    {
        if (!File.Exists(path))
        {
            throw new UserInputException($"{place}: the included file {path} does not exist; the path is relative to the file that includes it.");
        }
        if (_open.Contains(System.IO.Path.GetFullPath(path)))
        {
            throw new UserInputException($"{place}: {path} includes itself, directly or through another file; take one include out.");
        }
        return Parse(path, prefix);
    }

    private static string ReadText(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserInputException($"{path} cannot be read: {e.Message}", e);
        }
    }

    private static string Join(string prefix, string key) => prefix.Length == 0 ? key : key.Length == 0 ? prefix : $"{prefix}.{key}";
}

#nullable disable // As in the package: callers see no annotations.
using Akka.Configuration.Hocon;

namespace Akka.Configuration;

/// <summary>Reads configurations from text.</summary>
public class ConfigurationFactory
{
    public static Config Empty => ParseString("");

    public static Config ParseString(string hocon) => ParseString(hocon, null);

    /// <param name="includeCallback">Gives the tree of a file named by <c>include</c>; such a line needs it.</param>
    public static Config ParseString(string hocon, Func<string, HoconRoot> includeCallback) =>
        new(Parser.Parse(hocon, includeCallback));

    /// <summary>The settings of an actor system that is given none.</summary>
    public static Config Default()
    {
        using var reader = new StreamReader(typeof(ConfigurationFactory).Assembly.GetManifestResourceStream("Akka.Configuration.akka.conf")!);
        return ParseString(reader.ReadToEnd());
    }
}

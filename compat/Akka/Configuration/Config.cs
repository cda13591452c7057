#nullable disable // As in the package: a missing text is null, and callers see no annotations.
using Akka.Configuration.Hocon;

namespace Akka.Configuration;

/// <summary>A tree of settings, read by dotted paths. A path that is not there gives the caller's default.</summary>
public class Config
{
    private HoconValue _own;

    public Config()
    {
    }

    public Config(HoconRoot root)
    {
        Root = root.Value ?? throw new ArgumentNullException(nameof(root), "The root of a configuration is missing.");
        _own = Root;
    }

    /// <summary>Nothing is set here, and a fallback replaces it altogether.</summary>
    public static readonly Config Empty = ConfigurationFactory.Empty;

    /// <summary>True when no key is set at all.</summary>
    public virtual bool IsEmpty => Root == null || Root.IsEmpty;

    /// <summary>The tree, fallbacks merged in.</summary>
    public virtual HoconValue Root { get; private set; }

    public virtual bool HasPath(string path) => GetValue(path) != null;

    public virtual string GetString(string path, string @default = null)
    {
        var node = GetValue(path);
        return node == null ? @default : node.GetString();
    }

    public virtual int GetInt(string path, int @default = 0) => GetValue(path)?.GetInt() ?? @default;

    public virtual long GetLong(string path, long @default = 0) => GetValue(path)?.GetLong() ?? @default;

    public virtual float GetFloat(string path, float @default = 0) => GetValue(path)?.GetFloat() ?? @default;

    public virtual double GetDouble(string path, double @default = 0) => GetValue(path)?.GetDouble() ?? @default;

    public virtual bool GetBoolean(string path, bool @default = false) => GetValue(path)?.GetBoolean() ?? @default;

    /// <summary>Bytes, with an optional unit (<c>kB</c> is 1000, <c>KiB</c> and <c>k</c> are 1024).</summary>
    public virtual long? GetByteSize(string path, long? def = null)
    {
        var node = GetValue(path);
        return node == null ? def : node.GetByteSize();
    }

    /// <summary>A duration with an optional unit (milliseconds without one), or <c>infinite</c>.</summary>
    public virtual TimeSpan GetTimeSpan(string path, TimeSpan? @default = null, bool allowInfinite = true) =>
        GetValue(path)?.GetTimeSpan(allowInfinite) ?? @default.GetValueOrDefault();

    /// <summary>The texts of an array; empty where the path is missing or no array.</summary>
    public virtual IList<string> GetStringList(string path) => GetValue(path)?.GetStringList() ?? new List<string>();

    /// <summary>The settings under a path, or null where it is missing.</summary>
    public virtual Config GetConfig(string path)
    {
        var node = GetValue(path);
        return node == null ? null : new Config(new HoconRoot(node));
    }

    /// <summary>This configuration over another: objects merge, everything else here wins.</summary>
    public virtual Config WithFallback(Config fallback)
    {
        if (fallback == this)
        {
            throw new ArgumentException("A configuration cannot fall back on itself.", nameof(fallback));
        }
        if (fallback == null)
        {
            return this;
        }
        if (IsEmpty)
        {
            return fallback;
        }
        var root = new HoconValue();
        root.AppendValue(fallback.Root.GetObject().MergeImmutable(Root.GetObject()));
        return new Config { Root = root, _own = _own };
    }

    /// <summary>The keys of the first level with their values.</summary>
    internal IEnumerable<KeyValuePair<string, HoconValue>> AsEnumerable() => Root.GetObject().Items;

    /// <summary>The settings as text, without those that came from fallbacks.</summary>
    public override string ToString() => _own == null ? "" : _own.ToString();

    public static implicit operator Config(string str) => ConfigurationFactory.ParseString(str);

    /// <summary>The value at a path, or null where it is missing.</summary>
    public HoconValue GetValue(string path)
    {
        var node = Root ?? throw new InvalidOperationException("The configuration has no root.");
        foreach (var key in SplitPath(path))
        {
            node = node.GetChildObject(key);
            if (node == null)
            {
                return null;
            }
        }
        return node;
    }

    /// <summary>Splits at dots, but not inside quotes: <c>a."b.c".d</c> has three keys.</summary>
    private static IEnumerable<string> SplitPath(string path)
    {
        var start = 0;
        while (start < path.Length)
        {
            var quoted = path[start] == '"';
            var from = quoted ? start + 1 : start;
            var end = path.IndexOf(quoted ? '"' : '.', from);
            if (end < 0)
            {
                end = path.Length;
            }
            yield return path[from..end];
            start = end + (quoted ? 2 : 1);
        }
    }
}

public static class ConfigExtensions
{
    /// <summary>Like <see cref="Config.WithFallback"/>, but a missing configuration is its fallback.</summary>
    public static Config SafeWithFallback(this Config config, Config fallback) =>
        config == null ? fallback
        : ReferenceEquals(config, fallback) ? config
        : config.WithFallback(fallback);

    public static bool IsNullOrEmpty(this Config config) => config == null || config.IsEmpty;
}

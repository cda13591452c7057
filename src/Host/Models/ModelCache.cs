namespace IterativeDpo.Host.Models;

/// <summary>
/// Where this program keeps what it found out about models, and what it made of them: all of it can be deleted at any time.
/// </summary>
internal static class ModelCache
{
    public const string Variable = "DPO_CACHE";

    /// <summary><c>DPO_CACHE</c>, or the folder that the system has for such things, <c>~/.cache/dpo</c>.</summary>
    public static string Root => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given
        ? Path.GetFullPath(given)
        : Path.Combine(
            Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } caches && Path.IsPathRooted(caches)
                ? caches
                : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
            "dpo");
}

namespace IterativeDpo.Host;

/// <summary>Files that ship beside the executable.</summary>
public static class BundledFiles
{
    public static string SeedModel => Path.Combine(AppContext.BaseDirectory, "models", "seed.gguf");

    public static string QuickstartCampaign => Path.Combine(AppContext.BaseDirectory, "hocon", "campaigns", "quickstart.conf");

    /// <summary>The quickstart and its control, as arms.</summary>
    public static string QuickstartComparison => Path.Combine(AppContext.BaseDirectory, "hocon", "campaigns", "quickstart-compare.conf");
}

using IterativeDpo.Artifacts.Settings;
using IterativeDpo.Campaigns.Configuration;

namespace IterativeDpo.Campaigns.Tests.Configuration;

/// <summary>Campaign files in a directory of their own, gone after the test.</summary>
public sealed class ConfigurationFiles : IDisposable
{
    /// <summary>The least a campaign file must say.</summary>
    public const string Minimal = "campaign { name = test, model = policy.gguf }\n";

    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("dpo-configuration-").FullName;

    public string Write(string name, string text)
    {
        var path = Path.Combine(Directory, name);
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Loads the minimal campaign with more lines after it, which begin at line 2.</summary>
    public CampaignConfiguration Load(string more = "", params ConfigurationOverride[] overrides) =>
        CampaignConfiguration.Load(Write("campaign.conf", Minimal + more), overrides);

    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);
}

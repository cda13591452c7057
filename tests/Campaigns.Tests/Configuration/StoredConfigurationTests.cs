using IterativeDpo.Campaigns.Configuration;

namespace IterativeDpo.Campaigns.Tests.Configuration;

/// <summary>
/// A campaign begun by an earlier version goes on: the same file means the same settings as those that it stored (<c>Stored/</c>), and has
/// the identity that is in its journal.
/// </summary>
public sealed class StoredConfigurationTests
{
    [Theory]
    [InlineData("plain", "620ef712862e6c668c2738da9cd376f00bfd3f70")]
    [InlineData("changed", "f0f8fc18f42d22e1545181c9e354c9dd13c5437f")]
    [InlineData("judges", "d708e338f033bf0176b6e830b030cbd305b9310d")]
    public void Load_sameFile_isTheCampaignThatWasStored(string name, string identity)
    {
        var stored = File.ReadAllText(PathOf($"{name}.json"))
            .Replace("/shipped/judges", Path.Combine(CampaignConfiguration.ShippedDirectory, "judges"), StringComparison.Ordinal)
            .Replace("/shipped", Path.GetDirectoryName(PathOf(name)), StringComparison.Ordinal);

        var configuration = CampaignConfiguration.Load(PathOf($"{name}.conf"));

        Assert.Equal(configuration.Json, OptionsJson.Write(OptionsJson.Read(stored)));
        Assert.StartsWith(identity, $"{configuration.Identity}", StringComparison.Ordinal);
    }

    private static string PathOf(string name) => Path.Combine(AppContext.BaseDirectory, "Configuration", "Stored", name);
}

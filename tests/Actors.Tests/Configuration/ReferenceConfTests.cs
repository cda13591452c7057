using Akka.Configuration;
using IterativeDpo.Actors.Configuration;

namespace IterativeDpo.Actors.Tests.Configuration;

public sealed class ReferenceConfTests
{
    private static readonly string ReferencePath = Path.Combine(CampaignConfiguration.ShippedDirectory, "reference.conf");

    [Fact]
    public void Every_key_is_read_and_every_key_read_is_there()
    {
        var reference = ConfigurationFactory.ParseString(File.ReadAllText(ReferencePath));
        var config = ConfigurationFactory.ParseString(
            """
            campaign {
              name = test, model = policy.gguf
              judging.judges {
                llm { type = llm, model = policy }
                implicit { type = implicit-reward }
                reward { type = reward-model, model = reward.gguf }
                ensemble { type = ensemble, members = [verifier, llm] }
                cascade { type = cascade, steps = [verifier, llm] }
                http { type = http, model = small, url = "http://localhost" }
                command { type = command, command = [judge] }
              }
            }
            """).WithFallback(reference);
        var read = new HashSet<string>();

        CampaignOptionsReader.Read(new SettingsReader(config, _ => new ConfigurationOrigin("", "/"), "campaign", read), processors: 1);

        Assert.Equal(CampaignConfiguration.KeysOf(reference.Root.GetObject(), "").Order(), read.Where(key => !key.StartsWith("campaign.judging.judges.", StringComparison.Ordinal)).Order());
    }

    [Fact]
    public void Every_key_or_the_group_it_is_in_has_a_comment()
    {
        var lines = File.ReadAllLines(ReferencePath).Select(line => line.Trim()).ToArray();
        for (var i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith('#') && lines[i].Contains(" = ", StringComparison.Ordinal))
            {
                Assert.StartsWith("#", lines[..i].Last(line => line.Length == 0 || line[0] == '#'), StringComparison.Ordinal);
            }
        }
    }
}

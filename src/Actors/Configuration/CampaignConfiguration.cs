using System.Text;
using Akka.Configuration;
using Akka.Configuration.Hocon;
using IterativeDpo.Artifacts;

namespace IterativeDpo.Actors.Configuration;

/// <summary>A campaign file resolved: its options, the actor system's settings, and the form that is stored.</summary>
/// <param name="Options">The campaign.</param>
/// <param name="System">The settings for <c>ActorSystem.Create</c>: akka.conf, with the section <c>akka</c> of the file over it.</param>
/// <param name="Json">The options as canonical JSON, to be stored with the campaign.</param>
public sealed record CampaignConfiguration(CampaignOptions Options, Config System, string Json)
{
    private const string Section = "campaign";

    /// <summary>
    /// Changes with every setting that changes results. Rounds, threads, retries and where files lie are left out: a campaign may
    /// go on with other ones.
    /// </summary>
    public Digest Identity => Digest.Of(Encoding.UTF8.GetBytes(OptionsJson.Write(OptionsJson.WithoutIncidentals(Options))));

    /// <summary>The directory of reference.conf, akka.conf and the bundled campaigns, beside the executable.</summary>
    public static string ShippedDirectory => Path.Combine(AppContext.BaseDirectory, "hocon");

    /// <param name="path">The campaign file.</param>
    /// <param name="overrides">Settings of the command line, which win over those of the file.</param>
    /// <exception cref="UserInputException">
    /// No such file, malformed HOCON, an unknown key, or a value of the wrong type or out of range; names place, key and remedy.
    /// </exception>
    public static CampaignConfiguration Load(string path, IReadOnlyList<ConfigurationOverride>? overrides = null)
    {
        var reference = HoconFile.Load(Path.Combine(ShippedDirectory, "reference.conf"));
        var file = HoconFile.Load(path);
        UnknownKeys.Refuse(file, KeysOf(reference.Config.Root.GetObject(), "").ToHashSet());
        var origins = new Dictionary<string, ConfigurationOrigin>(file.Origins);
        var config = Apply(overrides ?? [], origins).WithFallback(file.Config).WithFallback(reference.Config);
        var whole = new ConfigurationOrigin(path, Path.GetDirectoryName(Path.GetFullPath(path))!);
        var reader = new SettingsReader(config, key => origins.GetValueOrDefault(key, whole), Section, new HashSet<string>());
        var options = CampaignOptionsReader.Read(reader, Environment.ProcessorCount);
        return new CampaignConfiguration(options, SystemSettings(file.Config), OptionsJson.Write(options));
    }

    /// <summary>The full keys of all values under an object.</summary>
    internal static IEnumerable<string> KeysOf(HoconObject section, string prefix) =>
        section.Items.SelectMany(item => item.Value.IsObject()
            ? KeysOf(item.Value.GetObject(), $"{prefix}{item.Key}.")
            : [prefix + item.Key]);

    private static Config Apply(IReadOnlyList<ConfigurationOverride> overrides, Dictionary<string, ConfigurationOrigin> origins)
    {
        foreach (var item in overrides)
        {
            origins[item.Key] = new ConfigurationOrigin(item.Option, Directory.GetCurrentDirectory());
        }
        return ConfigurationFactory.ParseString(string.Join('\n', overrides.Select(item => $"{item.Key} = \"\"\"{item.Value}\"\"\"")));
    }

    private static Config SystemSettings(Config file)
    {
        var shipped = HoconFile.Load(Path.Combine(ShippedDirectory, "akka.conf")).Config;
        return file.HasPath("akka") ? file.GetValue("akka").AtKey("akka").WithFallback(shipped) : shipped;
    }
}

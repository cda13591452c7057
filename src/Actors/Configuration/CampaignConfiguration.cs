using System.Text;
using Akka.Configuration;
using Akka.Configuration.Hocon;
using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns.Configuration;

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
    public Digest Identity => Digest.Of(Encoding.UTF8.GetBytes(OptionsJson.WriteIdentity(Options)));

    /// <summary>The directory of reference.conf, akka.conf and the bundled campaigns, beside the executable.</summary>
    public static string ShippedDirectory => Path.Combine(AppContext.BaseDirectory, "hocon");

    /// <param name="path">The campaign file.</param>
    /// <param name="overrides">Settings of the command line, which win over those of the file.</param>
    /// <exception cref="UserInputException">
    /// No such file, malformed HOCON, an unknown key, or a value of the wrong type or out of range; names place, key and remedy.
    /// </exception>
    public static CampaignConfiguration Load(string path, IReadOnlyList<ConfigurationOverride>? overrides = null)
    {
        var file = HoconFile.Load(path);
        var options = CampaignOptionsReader.Read(Reader(file, overrides ?? []), Environment.ProcessorCount);
        return new CampaignConfiguration(options, SystemSettings(file.Config), OptionsJson.Write(options));
    }

    /// <summary>The settings of a campaign over those of reference.conf, with the overrides over both.</summary>
    /// <param name="file">The campaign file, or null for the defaults.</param>
    /// <exception cref="UserInputException">An unknown key.</exception>
    internal static SettingsReader Reader(HoconFile? file, IReadOnlyList<ConfigurationOverride> overrides)
    {
        var reference = HoconFile.Load(Path.Combine(ShippedDirectory, "reference.conf"));
        var known = KeysOf(reference.Config.Root.GetObject(), "").Concat(UnknownKeys.OfConstraints).ToHashSet();
        if (file is not null)
        {
            UnknownKeys.Refuse(file, known);
        }
        var origins = new Dictionary<string, ConfigurationOrigin>(file?.Origins ?? new Dictionary<string, ConfigurationOrigin>());
        foreach (var item in overrides)
        {
            UnknownKeys.Refuse(item, known);
            origins[item.Key] = new ConfigurationOrigin(item.Option, Directory.GetCurrentDirectory());
        }
        var below = file?.Config.WithFallback(reference.Config) ?? reference.Config;
        var whole = new ConfigurationOrigin(file?.Path ?? "the defaults", Path.GetDirectoryName(Path.GetFullPath(file?.Path ?? "."))!, IsDefault: true);
        return new SettingsReader(Parse(overrides).WithFallback(below), key => origins.GetValueOrDefault(key, whole), Section, new HashSet<string>());
    }

    /// <summary>The full keys of all values under an object.</summary>
    internal static IEnumerable<string> KeysOf(HoconObject section, string prefix) =>
        section.Items.SelectMany(item => item.Value.IsObject()
            ? KeysOf(item.Value.GetObject(), $"{prefix}{item.Key}.")
            : [prefix + item.Key]);

    /// <summary>A list is written as in a file, [a, b]; anything else is taken as it is.</summary>
    private static Config Parse(IEnumerable<ConfigurationOverride> overrides) => ConfigurationFactory.ParseString(string.Join('\n', overrides.Select(item =>
        item.Value is ['[', .., ']'] ? $"{item.Key} = {item.Value}" : $"{item.Key} = \"\"\"{item.Value}\"\"\"")));

    private static Config SystemSettings(Config file)
    {
        var shipped = HoconFile.Load(Path.Combine(ShippedDirectory, "akka.conf")).Config;
        return file.HasPath("akka") ? file.GetValue("akka").AtKey("akka").WithFallback(shipped) : shipped;
    }
}

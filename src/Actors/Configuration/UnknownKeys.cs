using System.Text.RegularExpressions;
using IterativeDpo.Artifacts;

namespace IterativeDpo.Actors.Configuration;

/// <summary>Finds keys that mean nothing, so that a misspelt one is never silently without effect.</summary>
internal static class UnknownKeys
{
    /// <summary>Settings of the actor system, which knows its own keys.</summary>
    private const string SystemPrefix = "akka.";

    /// <summary>The section whose sections have names of the user's own.</summary>
    private const string Constraints = "campaign.training.loss.constraints.";

    /// <summary>Another one; what may be in it depends on the judge's type, so <see cref="JudgesReader"/> looks at its keys.</summary>
    private const string Judges = "campaign.judging.judges.";

    /// <summary>The keys of a section of constraints, which has no default and is not in reference.conf.</summary>
    public static readonly IReadOnlyList<string> OfConstraints = [$"{Constraints}NAME.score", $"{Constraints}NAME.limit", $"{Constraints}NAME.weight"];

    /// <param name="known">The full key of every setting there is.</param>
    /// <exception cref="UserInputException">Names the place, the key and the nearest valid key.</exception>
    public static void Refuse(HoconFile file, IReadOnlySet<string> known)
    {
        foreach (var key in CampaignConfiguration.KeysOf(file.Config.Root.GetObject(), ""))
        {
            if (!IsKnown(key, known) && !key.StartsWith(SystemPrefix, StringComparison.Ordinal))
            {
                throw new UserInputException($"{Place(file, key)}: {Explain(key, known)}.");
            }
        }
    }

    /// <exception cref="UserInputException">The override's key is none of the known ones.</exception>
    public static void Refuse(ConfigurationOverride item, IReadOnlySet<string> known)
    {
        if (!IsKnown(item.Key, known))
        {
            throw new UserInputException($"{item.Option}: {Explain(item.Key, known)}.");
        }
    }

    private static bool IsKnown(string key, IReadOnlySet<string> known) => known.Contains(key)
        || key.StartsWith(Judges, StringComparison.Ordinal)
        || (key.StartsWith(Constraints, StringComparison.Ordinal) && known.Contains(Regex.Replace(key, @"(?<=\.constraints\.)[^.]+", "NAME")));

    private static string Explain(string key, IReadOnlySet<string> known)
    {
        if (known.Any(k => k.StartsWith($"{key}.", StringComparison.Ordinal)))
        {
            return $"{key} is a section and takes no value; write {key} {{ … }}";
        }
        if (known.FirstOrDefault(k => key.StartsWith($"{k}.", StringComparison.Ordinal)) is { } setting)
        {
            return $"{setting} is a single setting and no section; write {setting} = …";
        }
        return $"unknown key {key}{Words.DidYouMean(key, Candidates(key, known))}; reference.conf lists every key";
    }

    /// <summary>Keys of the same last name in another section, where there are any: those are most likely meant.</summary>
    private static IEnumerable<string> Candidates(string key, IReadOnlySet<string> known)
    {
        var name = key[(key.LastIndexOf('.') + 1)..];
        var sameName = known.Where(k => k.EndsWith($".{name}", StringComparison.Ordinal)).ToArray();
        return sameName.Length > 0 ? sameName : known;
    }

    /// <summary>Where the key is set; where a substitution brought it in, the file alone.</summary>
    private static string Place(HoconFile file, string key) => file.Origins.TryGetValue(key, out var origin) ? origin.Place : file.Path;
}

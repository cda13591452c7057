using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Settings;
using IterativeDpo.Campaigns.Configuration;

namespace IterativeDpo.Campaigns;

/// <summary>A file that a campaign's settings name.</summary>
/// <param name="Name">Its name without folders: readers go by what it ends in.</param>
/// <param name="Path">Where it was when the campaign was submitted.</param>
public sealed record BundleFile(string Name, string Path, Digest Digest, long Bytes)
{
    /// <summary>Models are large, and many campaigns use the same: they do not travel unless somebody asks for it.</summary>
    public bool IsModel => System.IO.Path.GetExtension(Name) is ".gguf" or ".safetensors";
}

/// <summary>
/// What a node has to know to work for a campaign, wherever it is: settings, plan, and the files that the settings name, by their digests.
/// It is stored as one artifact.
/// </summary>
/// <param name="Settings">The campaign's options as JSON, with a mark in place of each file's path. Arguments of judging programs are in
/// it.</param>
/// <param name="BaseModel">Digest of the base model's file.</param>
/// <param name="JudgeIdentity">Who judges the samples, for provenance.</param>
public sealed record CampaignBundle(
    int Format, CampaignPlan Plan, JsonNode Settings, IReadOnlyList<BundleFile> Files, Digest BaseModel, string JudgeIdentity)
{
    private const int CurrentFormat = 1, MostUnits = 1_000_000;

    /// <summary>No setting has a NUL in it.</summary>
    private const string Mark = "\0file ";

    /// <param name="digestOf">Of a file of this path.</param>
    public static CampaignBundle Of(
        CampaignOptions options, CampaignPlan plan, Digest baseModel, string judgeIdentity, Func<string, Digest> digestOf)
    {
        string[] paths =
        [
            .. new[] { options.ModelPath, options.Prompts.File }.OfType<string>()
                .Concat((options.Evaluation.Sets ?? []).Select(set => set.File).OfType<string>())
                .Concat(options.JudgesInUse.SelectMany(judge => judge.Files))
                .Distinct(),
        ];
        var settings = Replace(
            JsonNode.Parse(OptionsJson.Write<CampaignOptions>(options with { Notices = null }))!,
            text => Array.IndexOf(paths, text) is >= 0 and var file ? $"{Mark}{file}" : text);
        return new CampaignBundle(
            CurrentFormat,
            plan,
            settings,
            [.. paths.Select(path => new BundleFile(Path.GetFileName(path), path, digestOf(path), new FileInfo(path).Length))],
            baseModel,
            judgeIdentity);
    }

    /// <exception cref="JsonException">It is none, or of a newer version of the program.</exception>
    public static CampaignBundle Parse(ReadOnlySpan<byte> json)
    {
        var bundle = JsonSerializer.Deserialize<CampaignBundle>(json, SettingsReader.Json) ?? throw new JsonException("A bundle is null.");
        if (bundle.Format != CurrentFormat)
        {
            throw new JsonException(
                $"The campaign's bundle has format {bundle.Format}, and this program knows format {CurrentFormat}: update this node.");
        }
        // Whoever made it: names become names of files here.
        if (bundle is not { Plan.Campaign: { } campaign, Settings: JsonObject settings, Files: { } files }
            || !CampaignOptions.IsName(campaign)
            || settings["name"]?.GetValueKind() != JsonValueKind.String
            || settings["name"]!.GetValue<string>() != campaign)
        {
            throw new JsonException("The campaign's bundle has no plan, no settings, no files or no name that one may have.");
        }
        if (files.FirstOrDefault(file =>
                file?.Name is not { } name
                || Path.GetFileName(name) != name
                || name is "" or "." or ".."
                || name.Contains('\0', StringComparison.Ordinal)
            ) is
            { } bad)
        {
            throw new JsonException($"The campaign's bundle names a file '{bad.Name}', which is no name.");
        }
        // A campaign that can take no step ends the process that has it, again and again.
        if (bundle.Plan
                is not
                {
                    Rounds: > 0,
                    Prompts: > 0,
                    UnitPrompts: > 0,
                    HeldOutPrompts: > 0,
                    EvaluationUnitPrompts: >= 0,
                    MaxAttempts: > 0,
                    Staleness: >= 0
                } plan
            || (plan.Sets ?? []).Any(set => set is not { Prompts: > 0, Samples: > 0, Every: >= 0 })
            || !IsSane(plan.SampleUnits)
            || !IsSane(plan.EvaluationUnits(0).Count())
            || plan.SettingsDigest == default
            || bundle.BaseModel == default)
        {
            throw new JsonException("The campaign's bundle has a plan that none can have.");
        }
        _ = bundle.OptionsWith([.. files.Select(file => file.Path)], threads: 1);
        return bundle;

        static bool IsSane(int units) => units is > 0 and <= MostUnits;
    }

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, SettingsReader.Json);

    /// <summary>The options for a machine where the files are at these paths, in their order.</summary>
    /// <exception cref="JsonException">They are of another version of the program.</exception>
    public CampaignOptions OptionsWith(IReadOnlyList<string> paths, int threads)
    {
        var settings = Replace(
            Settings.DeepClone(),
            text => !text.StartsWith(Mark, StringComparison.Ordinal) ? text
                : int.TryParse(text.AsSpan(Mark.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var file)
                && file < paths.Count
                    ? paths[file]
                : throw new JsonException("The campaign's settings name a file that its bundle has not."));
        var options = OptionsJson.ReadStrictly(settings.ToJsonString());
        return options with { Threads = threads, Training = options.Training with { Threads = threads } };
    }

    private static JsonNode Replace(JsonNode node, Func<string, string> replace)
    {
        switch (node)
        {
            case JsonObject section:
                foreach (var (key, value) in section.ToArray())
                {
                    section[key] = Changed(value);
                }
                return section;
            case JsonArray list:
                for (var i = 0; i < list.Count; i++)
                {
                    list[i] = Changed(list[i]);
                }
                return list;
            default:
                return node.GetValueKind() == JsonValueKind.String ? replace(node.GetValue<string>()) : node;
        }

        // A node has one parent: what stays is copied.
        JsonNode? Changed(JsonNode? value) => value is null ? null : Replace(value.DeepClone(), replace);
    }
}

using System.Text;
using System.Text.Json.Nodes;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Judging;

namespace IterativeDpo.Campaigns.Configuration;

/// <summary>
/// Who the judges of a campaign are: equal identities give equal verdicts, as far as their engines do. Each file is read once.
/// </summary>
public sealed class JudgeIdentities(CampaignOptions options)
{
    private readonly Dictionary<string, Digest> _digests = [];

    /// <summary>
    /// The judge's name with what it is, and a digest of its settings, incidentals left out, of its files, and of what else its verdicts
    /// depend on, and the same of every judge that it asks: <c>small (llm of judge.gguf, 0a1b2c3d4e5f)</c>.
    /// </summary>
    /// <exception cref="UserInputException">A file is missing.</exception>
    public string Of(string name)
    {
        var parts = options
            .Judging.FindAll(name)
            .SelectMany(judge =>
                DigestsOf(judge)
                    .Select(digest => digest.Hex)
                    .Prepend(OptionsJson.Write(judge.WithoutIncidentals()))
                    .Concat(OfCampaign(judge)));
        return $"{name} ({Describe(options.Judging.Find(name))}, {Digest.Of(Encoding.UTF8.GetBytes(string.Join('\n', parts))).Short})";
    }

    /// <summary>Of the judge's files, in their order.</summary>
    /// <exception cref="UserInputException">One is missing.</exception>
    public IEnumerable<Digest> DigestsOf(JudgeOptions judge) => judge.Files.Select(path => File.Exists(path)
        ? DigestOf(path)
        : throw new UserInputException(
            $"{path}: there is no such file, and the judge '{judge.Name}' needs it; check its path in judging.judges.{judge.Name}."));

    public Digest DigestOf(string path) => _digests.TryGetValue(path, out var digest) ? digest : _digests[path] = GgufFile.DigestOf(path);

    private IEnumerable<string> OfCampaign(JudgeOptions judge)
    {
        if (options.Judging.SeeThoughts)
        {
            yield return "thoughts";
        }
        if (judge.Needs.HasFlag(CampaignParts.Model))
        {
            yield return DigestOf(options.ModelPath).Hex;
            if (options.ChatTemplate?.WithoutBegan() is { } ofModel)
            {
                yield return OptionsJson.Write(ofModel);
            }
        }
        if (judge.Files.Any() && options.Judging.ChatTemplate?.WithoutBegan() is { } ofJudges)
        {
            yield return OptionsJson.Write(ofJudges);
        }
        if (judge.Needs.HasFlag(CampaignParts.Seed))
        {
            yield return $"{options.Seed}";
        }
        if (judge.Needs.HasFlag(CampaignParts.ComputeType))
        {
            yield return $"{options.Training.ComputeType}";
        }
    }

    private string Describe(JudgeOptions judge)
    {
        var type = JsonNode.Parse(OptionsJson.Write(judge))!["type"];
        string[] parts = [.. judge.Models, .. judge.Asks.Select(name => $"{name} ({Describe(options.Judging.Find(name))})")];
        return parts.Length == 0 ? $"{type}" : $"{type} of {string.Join(" and ", parts)}";
    }
}

using IterativeDpo.Actors;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Settings;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Host.Commands;
using IterativeDpo.Training;

namespace IterativeDpo.Host.Pairs;

/// <summary>A stored pair with its name.</summary>
internal sealed record FoundPair(PairId Id, PreferencePair Pair, PairProvenance Source)
{
    public static FoundPair Of(PairRecord record) => new(PairId.Of(record.Pair, record.Provenance!), record.Pair, record.Provenance!);
}

/// <summary>The pairs of a campaign's rounds, read as they are asked for.</summary>
/// <param name="statePath">Names the campaign in errors.</param>
internal sealed class CampaignPairs(string statePath, IEnumerable<RoundState> rounds, CampaignOptions options, ArtifactStore store)
{
    private readonly RoundState[] _rounds = [.. rounds.Where(round => round.Pairs is not null)];

    public CampaignOptions Options => options;

    public ArtifactStore Store => store;

    /// <exception cref="UserInputException">No campaign has begun there.</exception>
    public static CampaignPairs Open(string statePath) =>
        new(
            statePath,
            StatusCommand.ReadWhole(statePath).Rounds,
            CampaignReader.ReadSettings(statePath),
            StateDirectory.ArtifactsOf(statePath));

    /// <summary>The rounds that have selected their pairs.</summary>
    /// <exception cref="UserInputException">None has, or not the one asked for.</exception>
    public IReadOnlyList<RoundState> Rounds(int? number)
    {
        if (_rounds.Length == 0)
        {
            throw new UserInputException($"{statePath}: no round has made its pairs yet; run the campaign further.");
        }
        return number is null ? _rounds
            : _rounds.FirstOrDefault(round => round.Number == number) is { } one ? [one]
            : throw new UserInputException(
            $"{statePath}: there are no pairs of round {number}; there are those of {(_rounds.Length == 1 ? "round" : "rounds")} {string.Join(", ", _rounds.Select(round => round.Number))}.");
    }

    /// <exception cref="UserInputException">No such round, or what the filter names is of no pair there; says what is near.</exception>
    public IEnumerable<FoundPair> Read(PairFilter filter)
    {
        var (any, tasks, judges) = (false, new SortedSet<string>(), new SortedSet<string>());
        foreach (var found in Rounds(filter.Round).SelectMany(OfRound))
        {
            tasks.Add(found.Source.Task ?? "");
            judges.Add(found.Source.JudgeName);
            if (filter.Matches(found.Pair, found.Source))
            {
                any = true;
                yield return found;
            }
        }
        if (!any)
        {
            Require("--task", filter.Task, tasks);
            Require("--judge", filter.Judge, judges);
            Require("--prompt", filter.Prompt, Rounds(filter.Round).SelectMany(OfRound).Select(found => found.Pair.PromptId));
        }
    }

    /// <exception cref="UserInputException">There is no such pair; says which are near.</exception>
    public FoundPair Find(string text)
    {
        var id = PairId.TryParse(text)
            ?? throw new UserInputException(
                $"{text}: a pair's id is ROUND:PROMPT:CHOSEN:REJECTED, e.g. 2:p-0a1b2c3d4e5f:5:1; ./dpo pairs lists them.");
        var ofPrompt = new List<FoundPair>();
        // What people judged late is with the pairs of the round after it.
        var next = _rounds.Where(round => round.Number == id.Round + 1);
        foreach (var found in Rounds(id.Round).Concat(next).SelectMany(OfRound).Where(found => found.Pair.PromptId == id.PromptId))
        {
            if (found.Id == id)
            {
                return found;
            }
            ofPrompt.Add(found);
        }
        Require("The pair's prompt", id.PromptId, Rounds(id.Round).SelectMany(OfRound).Select(found => found.Pair.PromptId));
        throw new UserInputException(
            $"{text}: there is no such pair; of this prompt and round there are {string.Join(", ", ofPrompt.Select(found => found.Id))}.");
    }

    private IEnumerable<FoundPair> OfRound(RoundState round) => round.Pairs is { PairCount: > 0 } pairs
        ? PairFile.Read(Store.Verified(pairs.Pairs)).Where(record => record.Provenance is not null).Select(FoundPair.Of)
        : [];

    private static void Require(string option, string? value, IEnumerable<string> known)
    {
        if (value is not null && known.ToHashSet() is var all && !all.Contains(value))
        {
            throw new UserInputException($"{option} {value}: no pair has it{Words.DidYouMean(value, all)}.");
        }
    }
}

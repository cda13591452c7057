using IterativeDpo.Actors.Tests.Fakes;
using IterativeDpo.Actors.Workers;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;
using IterativeDpo.Generation;
using IterativeDpo.Judging;
using IterativeDpo.Judging.Verifier;
using IterativeDpo.Training;

namespace IterativeDpo.Actors.Tests.Workers;

/// <summary>A unit judged and paired without actors.</summary>
public sealed class RoundPairsTests : IDisposable
{
    private readonly CampaignFixture _campaign = new();
    private readonly ArtifactStore _store;

    public RoundPairsTests() => _store = new(Path.Combine(_campaign.StatePath, "artifacts"));

    public void Dispose() => _campaign.Dispose();

    [Fact]
    public async Task Select_pair_says_how_its_samples_were_drawn()
    {
        var options = _campaign.Configure("campaign.generation { temperature = 0.7, stop-strings = [\"\\\\n\"] }").Options;
        var samples = _store.Put(stream => SampleFile.Write(stream, [Prompt("p", "yes", "no"), Prompt("q", "yes", "yes")]));
        var judge = new UnitJudge(options, _store, _ => new VerifierJudge(), TimeProvider.System);

        var judged = await judge.JudgeAsync(new JudgeOrder(new WorkId(1, Stage.Judge, 0), samples), default);
        var pairs = new RoundPairs(options, _store, Digest.Of([]), "verifier (verifier, 0a1b)", TimeProvider.System)
            .Select(new PairOrder(new WorkId(1, Stage.Pair, 0), [new(samples, judged.Verdicts)], null));

        Assert.Equal(2, judged.Latency!.Count);
        Assert.Equal("verifier (verifier, 0a1b)", PairFile.Read(_store.PathOf(pairs.Pairs)).Single().Provenance!.Judge);
        Assert.Equal(
            "temperature 0.7, top-k 0, top-p 1, min-p 0, repetition-penalty 1, max-tokens 256, stop-strings [\"\\n\"]",
            PairFile.Read(_store.PathOf(pairs.Pairs)).Single().Provenance!.Sampling);
    }

    [Fact]
    public async Task Select_ties_that_are_asked_for_are_in_the_file_and_counted()
    {
        var options = _campaign.Configure("campaign { pairs.ties-per-prompt = 1, training.loss.type = dpo_rk }").Options;
        var samples = _store.Put(stream => SampleFile.Write(stream, [Prompt("p", "yes", "no", "none"), Prompt("q", "no", "none")]));
        var judged = await new UnitJudge(options, _store, _ => new VerifierJudge(), TimeProvider.System).JudgeAsync(
            new JudgeOrder(new WorkId(1, Stage.Judge, 0), samples),
            default);

        var pairs = new RoundPairs(options, _store, Digest.Of([]), "verifier", TimeProvider.System).Select(
            new PairOrder(new WorkId(1, Stage.Pair, 0), [new(samples, judged.Verdicts)], null));

        Assert.Equal((4, 2, 0, 0), (pairs.PairCount, pairs.TiePairs, pairs.Ties, pairs.Dropped));
        Assert.Equal([1, 1, 0.5, 0.5], PairFile.Read(_store.PathOf(pairs.Pairs)).Select(record => record.Pair.ChosenProbability));
    }

    [Theory]
    [InlineData(1.0, 0.5, 0.75)]
    [InlineData(0.25, null, 0.25)]
    [InlineData(null, null, 1)]
    public void Select_consistency_of_the_rounds_prompts_is_the_probability_of_all_pairs(double? first, double? second, double expected)
    {
        var options = _campaign.Configure("""
            campaign {
              judging { judge = self, judges.self { type = llm, model = policy, mode = rubric } }
              pairs.consistency = on
              training.loss.probabilistic-labels = on
            }
            """).Options;
        var samples = _store.Put(stream => SampleFile.Write(stream, [Prompt("p", "yes", "no"), Prompt("q", "yes", "no")]));
        var verdicts = _store.Put(stream => VerdictFile.Write(stream, [Judged("p", first), Judged("q", second)]));

        var pairs = new RoundPairs(options, _store, Digest.Of([]), "self", TimeProvider.System).Select(
            new PairOrder(new WorkId(2, Stage.Pair, 0), [new(samples, verdicts)], null));

        Assert.Equal(first is null ? null : expected, pairs.Consistency);
        Assert.Equal([expected, expected], PairFile.Read(_store.PathOf(pairs.Pairs)).Select(record => record.Pair.ChosenProbability));

        static PromptVerdict Judged(string prompt, double? consistency) =>
            new(prompt, new Verdict([new(0, 1, ""), new(1, 0, "")], Consistency: consistency));
    }

    private static PromptSamples Prompt(string id, params string[] texts) => new(
        new Prompt(id, null, "?", null, [new("exact", "yes")]),
        [1],
        [.. texts.Select((text, i) => new Sample(i, 0, [i], [0], text, FinishReason.Eos, 0))]);
}

using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Adapters;
using IterativeDpo.Generation;
using IterativeDpo.Judging.Implicit;
using IterativeDpo.Training.Torch;

namespace IterativeDpo.Training.Tests.Torch;

/// <summary>The scorer's log-probs against llama.cpp's logits, under the base and under two adapters that take turns.</summary>
public sealed class TorchSequenceScorerTests : IDisposable
{
    private readonly TinyRun _run = new();
    private readonly TorchSequenceScorer _scorer;

    public TorchSequenceScorerTests() => _scorer = new(_run.Base, Tiny.Options with { MicroBatchTokens = 24 });

    public void Dispose()
    {
        _scorer.Dispose();
        _run.Dispose();
    }

    [Fact]
    public void LogProbs_adaptersInTurns_areThoseOfLlamaCpp()
    {
        var prompts = new[] { Prompt("a", 5, 7, 3, 1), Prompt("b", 4, 2, 0, 9), Prompt("c", 9, 20) };
        foreach (var adapter in new[]
            {
                null,
                WriteAdapter("one", 2),
                WriteAdapter("two", 4),
                WriteAdapter("three", 2),
                WriteAdapter("one", 2),
                null,
            })
        {
            var scores = _scorer.LogProbs(prompts, adapter, default);

            Assert.Equal(prompts.Length, scores.Count);
            foreach (var (prompt, score) in prompts.Zip(scores))
            {
                Assert.Equal(prompt.Samples.Count, score.Length);
                Assert.All(
                    prompt.Samples.Zip(score),
                    pair => Assert.Equal(Expected(adapter, prompt.PromptIds, pair.First.TokenIds), pair.Second, 2e-3));
            }
        }
    }

    [Fact]
    public void LogProbs_promptOnItsOwn_areThoseBesideOthers()
    {
        var (a, b) = (Prompt("a", 5, 7, 3), Prompt("b", 4, 2));
        var adapter = WriteAdapter("one", 2);

        var together = _scorer.LogProbs([a, b], adapter, default);

        Assert.All(together[0].Zip(_scorer.LogProbs([a], adapter, default)[0]), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
        Assert.All(together[1].Zip(_scorer.LogProbs([b], adapter, default)[0]), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
    }

    [Fact]
    public async Task Judge_policyAndReference_ordersSamplesAsAHandComputationDoes()
    {
        var (policy, reference) = (WriteAdapter("one", 2), WriteAdapter("two", 4));
        await using var queue = new SequenceScorerQueue(new TorchSequenceScorer(_run.Base, Tiny.Options));
        await using var judge = new ImplicitRewardJudge(new("own", null, reference, 0.3, false, 0, 0), queue);
        judge.UsePolicy(policy);
        var prompt = Prompt("a", 5, 7, 3, 1, 12);

        var verdict = await judge.JudgeAsync(prompt, default);

        double Reward(Sample sample) =>
            0.3 * (Expected(policy, prompt.PromptIds, sample.TokenIds) - Expected(reference, prompt.PromptIds, sample.TokenIds));
        Assert.Equal(
            prompt.Samples.OrderBy(Reward).Select(sample => sample.Index),
            verdict.Judgements.OrderBy(judgement => judgement.Score).Select(judgement => judgement.SampleIndex));
        Assert.All(prompt.Samples.Zip(verdict.Judgements), pair => Assert.Equal(Reward(pair.First), pair.Second.Score!.Value, 2e-3));
    }

    [Fact]
    public void LogProbs_tokenOutsideTheVocabulary_isRefused()
    {
        var e = Assert.Throws<UserInputException>(() =>
            _scorer.LogProbs([Prompt("a", 2, 2) with { PromptIds = [1, 9999] }], null, default));

        Assert.Contains("'a': token 9999", e.Message);
    }

    [Fact]
    public void Check_adapterOfAnotherBase_isRefused()
    {
        var other = Path.Combine(_run.Folder, "foreign.gguf");
        Write(other, 2, Digest.Of([1]));

        Assert.Contains("another base", Assert.Throws<UserInputException>(() => _scorer.Check([WriteAdapter("one", 2), other])).Message);
        _scorer.Check([WriteAdapter("one", 2)]);
    }

    [Fact]
    public void Check_missingFiles_areNamed()
    {
        using var scorer = new TorchSequenceScorer(_run.Output("nowhere"), Tiny.Options);

        Assert.Contains("nowhere", Assert.Throws<UserInputException>(() => scorer.Check([])).Message);
        Assert.Contains("gone", Assert.Throws<UserInputException>(() => _scorer.Check([_run.Output("gone")])).Message);
    }

    private static PromptSamples Prompt(string id, int promptTokens, params int[] lengths) => new(
        new(id, null, "?", null, []),
        TinyModel.Ids(promptTokens, id[0]),
        [
            .. lengths.Select(
                (length, i) =>
                    new Sample(i, 0, TinyModel.Ids(length, (ulong)(100 * id[0] + i)), new float[length], "", FinishReason.Eos, 0)),
        ]);

    private double Expected(string? adapter, int[] prompt, int[] completion)
    {
        var logits = LlamaCpp.Logits(_run.Base, adapter, [.. prompt, .. completion]);
        return completion.Select((token, t) =>
        {
            var row = logits[prompt.Length + t - 1];
            double max = row.Max();
            return row[token] - max - Math.Log(row.Sum(value => Math.Exp(value - max)));
        }).Sum();
    }

    private string WriteAdapter(string name, int rank)
    {
        var path = _run.Output(name);
        Write(path, rank, Digest.OfFile(_run.Base));
        return path;
    }

    private static void Write(string path, int rank, Digest baseDigest)
    {
        var maps = TinyRun.Config.ListBlockMaps().Select((map, i) =>
        {
            var random = new Random(path.Length * 100 + i);
            float[] Values(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
            return new LoraMap(map.Name, Values(rank * map.Shape[1]), Values(map.Shape[0] * rank));
        });
        new LoraAdapter(rank, 4, new(baseDigest, null, "tests", 1, "{}"), [.. maps]).Write(path, TinyRun.Config);
    }
}

using IterativeDpo.Actors.Tests.Fakes;
using IterativeDpo.Actors.Workers;
using IterativeDpo.Artifacts.Store;
using IterativeDpo.Campaigns;
using IterativeDpo.Generation;

namespace IterativeDpo.Actors.Tests.Workers;

public sealed class GeneratorWorkerTests
{
    [Theory]
    [InlineData(new[] { 1, 2, 3 }, 0)]
    [InlineData(new[] { 1, 2, 3, 4, 5, 6 }, 0)]
    // Of the runs 1212 2121 1212 2121 1212 three were there before.
    [InlineData(new[] { 1, 2, 1, 2, 1, 2, 1, 2 }, 0.6)]
    public void RepeatedShare_counts_the_runs_of_four_that_were_there_before(int[] tokens, double expected) =>
        Assert.Equal(expected, GeneratorWorker.RepeatedShare(new Sample(0, 0, tokens, [], "", FinishReason.Eos, 0)), 12);

    [Fact]
    public async Task DoAsync_base_samples_are_drawn_by_the_base_beside_those_of_a_policy_that_is_not_it()
    {
        using var campaign = new CampaignFixture();
        campaign.Configuration = campaign.Configure("campaign.generation.base-samples = 3");
        campaign.Engines = campaign.Engines with
        {
            Generator = () => new FakeGenerator(campaign.Log) { Quality = adapter => adapter is null ? 0 : 100 },
        };
        var worker = new GeneratorWorker(campaign.WorkerContext());
        var adapter = campaign.WorkerContext().Store.Put("adapter"u8.ToArray());

        var first = await DrawAsync(new SampleOrder(new WorkId(1, Stage.Sample, 0), null, 0, 2));
        var second = await DrawAsync(new SampleOrder(new WorkId(2, Stage.Sample, 0), adapter, 0, 2));
        var evaluated = await DrawAsync(new SampleOrder(new WorkId(2, Stage.Evaluate, 0), adapter, 0, 2));

        Assert.All(first.Prompts, prompt => Assert.Equal(4, prompt.Samples.Count));
        Assert.All(second.Prompts, prompt =>
        {
            Assert.Equal(Enumerable.Range(0, 7), prompt.Samples.Select(sample => sample.Index));
            Assert.Equal([null, null, null, null, "base", "base", "base"], prompt.Samples.Select(sample => sample.Model));
            Assert.All(prompt.Samples, sample => Assert.Equal(sample.Model is null, sample.Text == prompt.Prompt.Checks[0].Value));
            Assert.Equal(7, prompt.Samples.Select(sample => sample.Seed).Distinct().Count());
        });
        Assert.All(evaluated.Prompts, prompt => Assert.Single(prompt.Samples));
        Assert.Equal((8, 14, 2), (first.Result.SampleCount, second.Result.SampleCount, evaluated.Result.SampleCount));
        // Of the policy's four samples of a prompt three are the text of the first; what the base draws does not count.
        Assert.Equal(0.75, second.Result.Identical);

        async Task<(SampleResult Result, PromptSamples[] Prompts)> DrawAsync(SampleOrder order)
        {
            var result = (SampleResult)await worker.DoAsync(order, _ => { }, default);
            return (result, [.. SampleFile.Read(campaign.WorkerContext().Store.Verified(result.Samples))]);
        }
    }

    [Fact]
    public async Task DoAsync_measures_how_many_samples_are_the_same_text_and_how_far_the_policy_is_from_the_base()
    {
        using var campaign = new CampaignFixture();

        await campaign.RunAsync();
        var state = CampaignReader.ReadWhole(campaign.StatePath)!;

        Assert.All(state.Rounds.Skip(1), round =>
        {
            PromptSamples[] prompts =
            [
                .. round.Samples.Values.SelectMany(unit =>
                    SampleFile.Read(StateDirectory.ArtifactsOf(campaign.StatePath).Verified(unit.Samples))),
            ];
            Assert.Equal(
                1 - prompts.Sum(prompt => prompt.Samples.Select(sample => sample.Text).ToHashSet().Count) / (4.0 * prompts.Length),
                round.Identical!.Value,
                12);
            Assert.InRange(round.Identical.Value, 0.01, 0.75);
            Assert.InRange(round.MeanScore!.Value, 0.01, 1);
            // Half a nat a token, by the fakes.
            Assert.Equal((0.5, state.Plan!.HeldOutPrompts), (round.Divergence!.PerToken, round.Divergence.Answers));
        });
        Assert.Null(state.Rounds[0].Divergence);
        Assert.Null(state.Rounds[0].Identical);
        Assert.All(state.Rounds, round => Assert.Equal(0, round.Repeats));
    }
}

using IterativeDpo.Actors.Tests.Fakes;
using IterativeDpo.Actors.Workers;
using IterativeDpo.Artifacts.Store;
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
    public async Task DoAsync_measures_how_many_samples_are_the_same_text()
    {
        using var campaign = new CampaignFixture();

        await campaign.RunAsync();
        var state = CampaignReader.ReadWhole(campaign.StatePath)!;

        Assert.All(state.Rounds.Skip(1), round =>
        {
            PromptSamples[] prompts = [.. round.Samples.Values.SelectMany(unit => SampleFile.Read(StateDirectory.ArtifactsOf(campaign.StatePath).Verified(unit.Samples)))];
            Assert.Equal(1 - prompts.Sum(prompt => prompt.Samples.Select(sample => sample.Text).ToHashSet().Count) / (4.0 * prompts.Length), round.Identical!.Value, 12);
            Assert.InRange(round.Identical.Value, 0.01, 0.75);
            Assert.InRange(round.MeanScore!.Value, 0.01, 1);
        });
        Assert.Null(state.Rounds[0].Identical);
        Assert.All(state.Rounds, round => Assert.Equal(0, round.Repeats));
    }
}

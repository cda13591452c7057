using IterativeDpo.Actors.Campaigns;
using IterativeDpo.Actors.Protocol;

namespace IterativeDpo.Actors.Tests.Campaigns;

public sealed class DueWorkTests
{
    [Fact]
    public void Of_sampling_covers_every_prompt_once()
    {
        var campaign = new CampaignSimulator().Run(until: new WorkId(1, Stage.Sample, 0));

        var units = DueWork.Of(campaign.State).Cast<SampleOrder>();

        Assert.Equal([(0, 2), (2, 2), (4, 1)], units.Select(unit => (unit.FirstPrompt, unit.Prompts)));
    }

    [Fact]
    public void Of_a_sampled_unit_is_its_judging_beside_the_sampling_of_the_rest()
    {
        var campaign = new CampaignSimulator().Run(until: new WorkId(1, Stage.Judge, 0));

        Assert.Equal([(Stage.Judge, 0), (Stage.Sample, 1), (Stage.Sample, 2)], DueWork.Of(campaign.State).Select(work => (work.Id.Stage, work.Id.Index)));
    }

    [Theory]
    [InlineData(PolicyOrigin.Base, PolicyOrigin.Base)]
    [InlineData(PolicyOrigin.Base, PolicyOrigin.Previous)]
    [InlineData(PolicyOrigin.Previous, PolicyOrigin.Base)]
    [InlineData(PolicyOrigin.Previous, PolicyOrigin.Previous)]
    public void Of_training_starts_and_refers_as_configured(PolicyOrigin initialization, PolicyOrigin reference)
    {
        var order = TrainingOfRound2(CampaignSimulator.Plan with { Initialization = initialization, Reference = reference });

        Assert.Equal(initialization == PolicyOrigin.Base ? null : CampaignSimulator.AdapterOf(1), order.Initial);
        Assert.Equal(reference == PolicyOrigin.Base ? null : CampaignSimulator.AdapterOf(1), order.Reference);
        Assert.Equal(CampaignSimulator.AdapterOf(1), order.Parent);
    }

    [Theory]
    [InlineData(PairData.New, 1)]
    [InlineData(PairData.Accumulated, 2)]
    public void Of_training_takes_the_pairs_configured(PairData data, int sets)
    {
        var order = TrainingOfRound2(CampaignSimulator.Plan with { Data = data });

        Assert.Equal(sets, order.Pairs.Length);
    }

    [Fact]
    public void Of_round_0_is_the_evaluation_of_the_base()
    {
        var campaign = new CampaignSimulator();

        Assert.All(DueWork.Of(campaign.State), work => Assert.Null(Assert.IsType<SampleOrder>(work).Adapter));
    }

    [Fact]
    public void Of_evaluation_uses_the_adapter_just_trained()
    {
        var campaign = new CampaignSimulator().Run(until: new WorkId(2, Stage.Evaluate, 0));

        Assert.All(DueWork.Of(campaign.State).Cast<SampleOrder>(), work => Assert.Equal(CampaignSimulator.AdapterOf(2), work.Adapter));
    }

    private static TrainOrder TrainingOfRound2(CampaignPlan plan) =>
        Assert.IsType<TrainOrder>(Assert.Single(DueWork.Of(new CampaignSimulator(plan).Run(until: new WorkId(2, Stage.Train, 0)).State)));
}

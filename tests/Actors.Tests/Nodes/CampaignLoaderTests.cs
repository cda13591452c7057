using IterativeDpo.Actors.Nodes;
using IterativeDpo.Actors.Tests.Fakes;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors.Tests.Nodes;

public sealed class CampaignLoaderTests : IDisposable
{
    private readonly CampaignFixture _campaign = new();

    public void Dispose() => _campaign.Dispose();

    [Theory]
    [InlineData(WorkerRole.Generator, "", true)]
    [InlineData(WorkerRole.Trainer, "", true)]
    [InlineData(WorkerRole.Pairer, "", false)]
    [InlineData(WorkerRole.Judge, "", false)]
    [InlineData(WorkerRole.Judge, "campaign.judging { judge = own, judges.own { type = implicit-reward, policy = model.gguf } }", true)]
    [InlineData(WorkerRole.Publisher, "", false)]
    [InlineData(WorkerRole.Publisher, "campaign.policy.reference = ema", true)]
    public void IsNeeded_ofTheBaseModel_isAsTheRolesWorkReadsIt(WorkerRole role, string settings, bool isNeeded)
    {
        var bundle = CampaignBundling.Bundle(_campaign.Configure(settings));

        Assert.Equal(isNeeded, CampaignLoader.IsNeeded(role, bundle.Files.Single(file => file.IsModel), bundle));
    }
}

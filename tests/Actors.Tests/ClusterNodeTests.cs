using Akka.Configuration;
using IterativeDpo.Actors.Tests.Fakes;

namespace IterativeDpo.Actors.Tests;

public sealed class ClusterNodeTests
{
    [Fact]
    public void Settings_ofTheCampaignFile_areOverTheShippedOnes()
    {
        using var fixture = new CampaignFixture();
        var own = fixture.Configure("akka { loglevel = DEBUG, actor.deployment {\n  /workers/generator { router = none }\n} }").System;

        var settings = ClusterNode.Settings(Config.Empty, own);

        Assert.Equal("DEBUG", settings.GetString("akka.loglevel"));
        Assert.Equal("none", settings.GetString("akka.actor.deployment./workers/generator.router"));
        Assert.Equal("cluster", settings.GetString("akka.actor.provider"));
        Assert.Equal("local", ClusterNode.Settings("akka.actor.provider = local", own).GetString("akka.actor.provider"));
        Assert.Equal("WARNING", ClusterNode.Settings(Config.Empty, "{}").GetString("akka.loglevel"));
    }
}

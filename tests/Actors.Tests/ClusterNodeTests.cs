using Akka.Configuration;
using IterativeDpo.Actors.Tests.Fakes;

namespace IterativeDpo.Actors.Tests;

public sealed class SystemSettingsTests
{
    [Fact]
    public void SystemSettings_ofTheCampaignFile_areOverTheShippedOnes()
    {
        using var fixture = new CampaignFixture();
        var own = fixture.Configure("akka { loglevel = DEBUG, actor.deployment {\n  /workers/generator { router = none }\n} }").System;

        var settings = CampaignRunner.SystemSettings(Config.Empty, own);

        Assert.Equal("DEBUG", settings.GetString("akka.loglevel"));
        Assert.Equal("none", settings.GetString("akka.actor.deployment./workers/generator.router"));
        Assert.Equal("cluster", settings.GetString("akka.actor.provider"));
        Assert.Equal("local", CampaignRunner.SystemSettings("akka.actor.provider = local", own).GetString("akka.actor.provider"));
        Assert.Equal("WARNING", CampaignRunner.SystemSettings(Config.Empty, "{}").GetString("akka.loglevel"));
    }
}

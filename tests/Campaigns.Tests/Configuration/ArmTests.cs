using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns.Configuration;

namespace IterativeDpo.Campaigns.Tests.Configuration;

public sealed class ArmTests : IDisposable
{
    private const string Arms =
        "campaign { training.loss.beta = 0.3, arms { rft { training.loss.type = [sft], name = other } \"dpo-2\" { rounds = 7 } } }";

    private readonly ConfigurationFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public void FileOfArm_is_the_campaign_with_the_settings_of_the_arm_and_of_the_command_line()
    {
        var path = _files.Write("arms.conf", ConfigurationFiles.Minimal + Arms);

        Assert.Equal(["rft", "dpo-2"], CampaignConfiguration.ArmsIn(path));
        var arm = CampaignConfiguration
            .Load(_files.Write("deep/arm.conf", CampaignConfiguration.FileOfArm(path, "dpo-2", [new("campaign.seed", "5", "--seed")])))
            .Options;

        Assert.Equal(("test-dpo-2", 7, 5ul, 0.3f), (arm.Name, arm.Rounds, arm.Seed, (float)arm.Training.Loss.Beta));
        // Paths start where they are written.
        Assert.Equal(Path.Combine(_files.Directory, "policy.gguf"), arm.ModelPath);
        Assert.Empty(CampaignConfiguration.ArmsIn(Path.Combine(_files.Directory, "deep", "arm.conf")));
    }

    [Fact]
    public void Load_of_a_file_with_arms_says_that_they_are_campaigns_of_their_own() =>
        Assert.Contains(
            "campaign.arms has rft, dpo-2, which are campaigns of their own",
            Assert.Throws<UserInputException>(() => _files.Load(Arms)).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData("campaign.arms.rft.training.los.beta = 1", "unknown key campaign.training.los.beta")]
    [InlineData("campaign.arms { \"a/b\" { } }", "campaign.arms.a/b: a name here is letters")]
    [InlineData("campaign.arms = 3", "campaign.arms is a section and takes no value")]
    public void FileOfArm_with_a_wrong_setting_or_name_is_refused(string arms, string problem)
    {
        var path = _files.Write("arms.conf", ConfigurationFiles.Minimal + arms);

        var error = Assert.Throws<UserInputException>(() =>
            CampaignConfiguration.Load(
                _files.Write("arm.conf", CampaignConfiguration.FileOfArm(path, CampaignConfiguration.ArmsIn(path)[0], []))));

        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }
}

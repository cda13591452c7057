using System.Collections.Immutable;
using System.Text;
using IterativeDpo.Actors;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Campaigns;
using IterativeDpo.Host.Tests.Page;
using IterativeDpo.Host.TrainingRuns;

namespace IterativeDpo.Host.Tests.TrainingRuns;

public sealed class TensorBoardProgressTests : IDisposable
{
    private readonly MadeCampaign _campaign = new();

    public void Dispose() => _campaign.Dispose();

    [Fact]
    public void Report_ofATraining_writesEachStepOnce()
    {
        var (directory, state) = (Path.Combine(_campaign.StatePath, "events"), CampaignReader.Read(_campaign.StatePath)!);
        using (var progress = new TensorBoardProgress(directory, note => Assert.Fail(note), TimeProvider.System))
        {
            progress.Report(new(state, null));
            foreach (var step in new[] { 1, 2, 1, 2, 3 })
            {
                progress.Report(new(state, Work(step)));
            }
            // Sampling is no step.
            progress.Report(new(state, Work(4) with { Id = new(3, Stage.Sample, 0) }));
        }

        var text = Encoding.Latin1.GetString(File.ReadAllBytes(Assert.Single(Directory.GetFiles(directory))));

        Assert.Equal(3, text.Split("rewards/chosen").Length - 1);
        Assert.DoesNotContain("heldout_accuracy", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Report_thatCannotBeWritten_isToldOnce_andThatIsAll()
    {
        var (notes, state) = (new List<string>(), CampaignReader.Read(_campaign.StatePath)!);
        using var progress = new TensorBoardProgress(
            Path.Combine(_campaign.StatePath, "campaign.json", "no"),
            notes.Add,
            TimeProvider.System);

        progress.Report(new(state, Work(1)));
        progress.Report(new(state, Work(2)));

        Assert.Contains("TensorBoard's events cannot be written", Assert.Single(notes), StringComparison.Ordinal);
    }

    private static WorkProgress Work(int step) => new(
        new(3, Stage.Train, 0), step, 3, 0, 1, ImmutableSortedDictionary<string, double>.Empty.Add("loss", 0.6).Add("rewards/chosen", 0.1));
}

using IterativeDpo.Artifacts;

namespace IterativeDpo.Training.Tests;

public sealed class TrainingRunTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    private string MetricsPath => Path.Combine(_folder, "metrics.jsonl");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task RunAsync_reports_each_step_when_the_file_has_it()
    {
        var reported = new List<(int Step, int Lines)>();

        await RunAsync(from: 1, step => reported.Add((step.Step, MetricsLog.Read(MetricsPath).Count)));

        Assert.Equal([(1, 1), (2, 2), (3, 3)], reported);
    }

    [Fact]
    public async Task RunAsync_of_a_run_that_goes_on_leaves_a_line_for_every_step()
    {
        await RunAsync(from: 3, _ => { });

        Assert.Equal([1, 2, 3], MetricsLog.Read(MetricsPath).Select(step => step.Step));
    }

    private Task<TrainingResult> RunAsync(int from, Action<TrainingStep> report) => TrainingRun.RunAsync(
        new StepsFrom(from),
        new TrainingRequest(
            "base.gguf",
            null,
            null,
            [],
            Tiny.Options,
            1,
            _folder,
            "adapter.gguf",
            new AdapterManifest(Digest.Of([1]), null, "", 1, "{}")),
        MetricsPath,
        TimeProvider.System,
        report,
        CancellationToken.None);

    /// <summary>Takes the steps from this one to the third; those before were taken in another process.</summary>
    private sealed class StepsFrom(int first) : ITrainer
    {
        public Task<TrainingResult> TrainAsync(
            TrainingRequest request,
            IProgress<TrainingStep>? progress,
            CancellationToken cancellationToken)
        {
            TrainingStep[] history =
            [
                .. Enumerable.Range(1, 3).Select(step => new TrainingStep(step, 3, new Dictionary<string, double> { ["loss"] = 1 })),
            ];
            foreach (var step in history[(first - 1)..])
            {
                progress!.Report(step);
            }
            return Task.FromResult(new TrainingResult(3, history[^1].Metrics, history));
        }
    }
}

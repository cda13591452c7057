using System.Text;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Store;

namespace IterativeDpo.Training.Tests;

public sealed class MetricsLogTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;
    private readonly StoppedClock _clock = new();

    private string LogPath => Path.Combine(_folder, "metrics.jsonl");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Report_steps_come_back_with_their_metrics_and_rate()
    {
        WriteSteps(1, 2);

        var read = MetricsLog.Read(LogPath);

        Assert.Equal([1, 2], read.Select(step => step.Step));
        Assert.Equal(0.5, read[1].Metrics["loss"]);
        // 100 tokens in 2 seconds; nothing is known of the time before the first step.
        Assert.Equal(50, read[1].Metrics["tokens_per_second"]);
        Assert.False(read[0].Metrics.ContainsKey("tokens_per_second"));
    }

    [Fact]
    public void Write_gives_these_bytes()
    {
        using var stream = new MemoryStream();

        MetricsLog.Write(
            stream,
            [
                new(
                    1,
                    9,
                    new Dictionary<string, double>
                    {
                        ["rewards/margins"] = 1e-7,
                        ["loss"] = 1.0 / 3,
                        ["num_tokens"] = 1e6,
                    }),
            ]);

        Assert.Equal(
            """
            {"step":1,"steps":9,"rewards/margins":1E-07,"loss":0.3333333333333333,"num_tokens":1000000}

            """,
            Encoding.UTF8.GetString(stream.ToArray()));
    }

    [Fact]
    public void Report_after_a_restart_takes_back_the_steps_after_the_checkpoint()
    {
        WriteSteps(1, 2, 3, 4);

        WriteSteps(3, 4, 5);

        Assert.Equal([1, 2, 3, 4, 5], MetricsLog.Read(LogPath).Select(step => step.Step));
    }

    [Fact]
    public void Report_after_a_line_cut_short_goes_on()
    {
        WriteSteps(1, 2);
        File.WriteAllText(LogPath, File.ReadAllText(LogPath)[..^9]);

        WriteSteps(2, 3);

        Assert.Equal([1, 2, 3], MetricsLog.Read(LogPath).Select(step => step.Step));
    }

    [Fact]
    public void Complete_adds_the_lines_that_a_crash_lost()
    {
        WriteSteps(1, 3);
        using var log = new MetricsLog(LogPath, _clock);

        log.Complete([Step(1), Step(2), Step(3)]);

        Assert.Equal([1, 2, 3], MetricsLog.Read(LogPath).Select(step => step.Step));
    }

    [Fact]
    public void Report_without_space_names_the_file_and_loses_nothing()
    {
        WriteSteps(1, 2);
        using (
            var log = new MetricsLog(LogPath, _clock)
            {
                Open = _ => new FileStream("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 0),
            })
        {
            var e = Assert.Throws<StorageException>(() => log.Report(Step(3)));
            Assert.StartsWith($"{LogPath}: cannot be written: no space left on its volume. Free some", e.Message);
        }

        WriteSteps(3);

        Assert.Equal([1, 2, 3], MetricsLog.Read(LogPath).Select(step => step.Step));
    }

    [Theory]
    [InlineData("{\"loss\":1}")]
    [InlineData("nonsense")]
    public void Read_line_that_is_no_step_is_named(string line)
    {
        WriteSteps(1);
        File.AppendAllText(LogPath, line + "\n");

        var e = Assert.Throws<UserInputException>(() => MetricsLog.Read(LogPath));

        Assert.Contains($"{LogPath}, line 2", e.Message);
    }

    private void WriteSteps(params int[] steps)
    {
        using var log = new MetricsLog(LogPath, _clock);
        foreach (var step in steps)
        {
            log.Report(Step(step));
            _clock.Seconds += 2;
        }
    }

    private static TrainingStep Step(int step) =>
        new(step, 9, new Dictionary<string, double> { ["loss"] = 1.0 / step, ["num_tokens"] = 100 * step });

    private sealed class StoppedClock : TimeProvider
    {
        public long Seconds { get; set; }

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Seconds;
    }
}

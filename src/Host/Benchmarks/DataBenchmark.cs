using System.Text;
using IterativeDpo.Generation.Llama;
using IterativeDpo.Training;
using IterativeDpo.Training.Data;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>A data file of so many rows, read, tokenised and opened for training.</summary>
/// <param name="Seconds">Reading, tokenising and writing the store.</param>
/// <param name="ReopenSeconds">Opening it again, the checks that it is the right one and whole included.</param>
/// <param name="PlanSeconds">Planning an epoch over it.</param>
/// <param name="ManagedMib">Managed memory that the open store and the plan hold.</param>
/// <param name="PeakRssMib">Most memory of the process, up to the end of this size.</param>
public sealed record DataMeasurement(
    int Rows,
    double FileMib,
    double Seconds,
    double RowsPerSecond,
    double ReopenSeconds,
    double PlanSeconds,
    double ManagedMib,
    int PeakRssMib);

/// <summary>
/// Measures data files of growing size, of short chat rows, one after the other in one process: the peak that a larger file adds is
/// what memory costs as data grows.
/// </summary>
public static class DataBenchmark
{
    private static readonly int[] _sizes = [10_000, 100_000, 1_000_000];

    public static IEnumerable<DataMeasurement> Run(string modelPath, int threads, CancellationToken cancellation)
    {
        var directory = Directory.CreateTempSubdirectory("dpo-bench-data-");
        try
        {
            using var tokenizer = LlamaTextTokenizer.Load(modelPath);
            foreach (var rows in _sizes)
            {
                var path = Path.Combine(directory.FullName, $"{rows}.jsonl");
                Write(path, rows);
                yield return Measure(path, rows, directory.FullName, tokenizer, threads, cancellation);
                File.Delete(path);
            }
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static DataMeasurement Measure(
        string path, int rows, string cache, LlamaTextTokenizer tokenizer, int threads, CancellationToken cancellation)
    {
        Console.Error.WriteLine($"measuring: {rows} rows");
        var options = new DataOptions(512, Threads: threads);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var seconds = Seconds(() => TrainingData.Open([path], tokenizer, options, cache, cancellation: cancellation).Dispose());
        TrainingData? data = null;
        var reopenSeconds = Seconds(() => data = TrainingData.Open([path], tokenizer, options, cache, cancellation: cancellation));
        using (data)
        {
            IReadOnlyList<PlannedStep> plan = [];
            var planSeconds = Seconds(() => plan = ExampleBatches.PlanEpoch(data!.Examples, 64, 8192, seed: 1, epoch: 0));
            var held = GC.GetTotalMemory(forceFullCollection: true) - before;
            GC.KeepAlive(plan);
            return new(
                rows,
                Mib(new FileInfo(path).Length),
                seconds,
                rows / seconds,
                reopenSeconds,
                planSeconds,
                Mib(held),
                TrainerMeasurement.PeakMib());
        }
    }

    /// <summary>Two rows to a prompt, of about 50 tokens each.</summary>
    private static void Write(string path, int rows)
    {
        using var writer = new StreamWriter(path, append: false, Encoding.ASCII);
        for (var i = 0; i < rows; i++)
        {
            writer.WriteLine(
                $$"""{"prompt":[{"role":"user","content":"What is {{i / 2}} + {{i % 10}}?"}],"chosen":[{"role":"assistant","content":"{{(i / 2) + (i % 10)}}"}],"rejected":[{"role":"assistant","content":"{{i}}, I think"}]}""");
        }
    }

    private static double Seconds(Action work)
    {
        var start = TimeProvider.System.GetTimestamp();
        work();
        return TimeProvider.System.GetElapsedTime(start).TotalSeconds;
    }

    private static double Mib(long bytes) => bytes / (double)(1 << 20);
}

using System.Globalization;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.HuggingFace;
using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>A folder of bfloat16 converted to a GGUF, flushed to the disk.</summary>
/// <param name="Type">What it is converted to; keep: bytes are copied.</param>
/// <param name="Mb">10^6 bytes of weights.</param>
/// <param name="PlainSeconds">As many bytes read and written, flushed too.</param>
/// <param name="Ratio">Converted over that, in time; the fastest of each.</param>
/// <param name="MemoryMib">Memory of the process' own that it took more at its peak; files that are mapped do not count.</param>
public sealed record ConversionMeasurement(
    string Type,
    double Mb,
    double Seconds,
    double MbPerSecond,
    double PlainSeconds,
    double Ratio,
    double MemoryMib);

/// <summary>Measures what making a GGUF of a gigabyte of safetensors costs beside reading and writing them.</summary>
public static class ConversionBenchmark
{
    private const int Times = 3;

    // 486 million parameters.
    private static readonly ModelConfig s_model = new(
        ModelArchitecture.Named("llama"), Layers: 8, Dim: 2048, Heads: 32, KvHeads: 8, HeadDim: 64, FeedForwardDim: 8192,
        RmsEps: 1e-5f, RopeBase: 500000, RopeDim: 64, ContextLength: 4096, ByteVocabulary.Size, TiedEmbeddings: true);

    public static IEnumerable<ConversionMeasurement> Run(CancellationToken cancellation)
    {
        var directory = Directory.CreateTempSubdirectory("dpo-bench-conversion-");
        try
        {
            var source = Path.Combine(directory.FullName, "model");
            WriteFolder(source, Path.Combine(directory.FullName, "made.gguf"));
            foreach (var type in (TensorType?[])[null, TensorType.F16, TensorType.F32, TensorType.Q8_0])
            {
                Console.Error.WriteLine($"measuring: to {type?.ToString() ?? "the types that it has"}");
                yield return Measure(source, Path.Combine(directory.FullName, "out.gguf"), type, cancellation);
            }
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static ConversionMeasurement Measure(string source, string output, TensorType? type, CancellationToken cancellation)
    {
        var weights = Path.Combine(source, "model.safetensors");
        var mb = new FileInfo(weights).Length / 1e6;
        var (plain, converted, memory) = (new List<double>(), new List<double>(), new List<double>());
        for (var i = 0; i < Times; i++)
        {
            using var peak = new AnonymousPeak();
            converted.Add(Seconds(() =>
            {
                using var folder = ModelFolder.Open(source);
                new FolderConversion(folder, type, null, cancellation).Write(output);
            }));
            memory.Add(peak.Mib);
            var length = new FileInfo(output).Length;
            plain.Add(Seconds(() => Copy(weights, output, length)));
            File.Delete(output);
        }
        return new(
            type?.ToString().ToLowerInvariant() ?? "keep",
            mb,
            converted.Min(),
            mb / converted.Min(),
            plain.Min(),
            converted.Min() / plain.Min(),
            memory.Max());
    }

    /// <summary>Some values again and again: nothing depends on them.</summary>
    private static void WriteFolder(string folder, string gguf)
    {
        var sizes = s_model
            .ListTensors()
            .ToDictionary(tensor => tensor.Name, tensor => tensor.Shape.Aggregate(1, (product, size) => product * size));
        var random = new Random(1);
        float[] values = [.. Enumerable.Range(0, sizes.Values.Max()).Select(_ => random.NextSingle() - 0.5f)];
        ModelWriter.Write(gguf, "bench", s_model, name => values.AsMemory(0, sizes[name]), TensorType.BF16);
        using (var file = GgufFile.Open(gguf))
        {
            new FolderExport(file, (name, _) => values.AsMemory(0, sizes[name]), source: null).Write(folder, TensorType.BF16);
        }
        File.Delete(gguf);
    }

    /// <summary>Reads all of a file, and writes so many bytes of it, again and again.</summary>
    private static void Copy(string source, string target, long length)
    {
        using var from = File.OpenRead(source);
        using var to = File.Create(target);
        var buffer = new byte[1 << 20];
        var share = (double)length / from.Length;
        for (int read; (read = from.Read(buffer)) > 0;)
        {
            for (var left = (int)(read * share); left > 0; left -= read) to.Write(buffer, 0, Math.Min(left, read));
        }
        to.Flush(flushToDisk: true);
    }

    private static double Seconds(Action work)
    {
        var start = TimeProvider.System.GetTimestamp();
        work();
        return TimeProvider.System.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Looks every few milliseconds at how much memory the process has that is no file's.</summary>
    private sealed class AnonymousPeak : IDisposable
    {
        private readonly long _before;
        private readonly Timer _timer;
        private long _most;

        public AnonymousPeak()
        {
            GC.Collect();
            _before = _most = Read();
            _timer = new(_ => _most = Math.Max(_most, Read()), null, 0, 10);
        }

        public double Mib => (_most - _before) / 1024.0;

        public void Dispose() => _timer.Dispose();

        /// <summary>kB.</summary>
        private static long Read() => long.Parse(
            File.ReadLines("/proc/self/status")
                .First(line => line.StartsWith("RssAnon:", StringComparison.Ordinal))
                .Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1],
            CultureInfo.InvariantCulture);
    }
}

using System.Globalization;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.HuggingFace;
using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>A folder of bfloat16 converted to a GGUF, or back, flushed to the disk.</summary>
/// <param name="Model">dense, or experts: matrices that are each a tensor in the folder and stacked in the GGUF.</param>
/// <param name="Type">What it is converted to; keep: bytes are copied; hf: the GGUF of these, written as a folder.</param>
/// <param name="Mb">10^6 bytes of weights.</param>
/// <param name="PlainSeconds">As many bytes read and written, flushed too.</param>
/// <param name="Ratio">Converted over that, in time; the fastest of each.</param>
/// <param name="MemoryMib">Memory of the process' own that it took more at its peak; files that are mapped do not count.</param>
public sealed record ConversionMeasurement(
    string Model,
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

    private static readonly (string Name, ModelConfig Config)[] s_models =
    [
        // 486 million parameters.
        ("dense", new(
            ModelArchitecture.Named("llama"), Layers: 8, Dim: 2048, Heads: 32, KvHeads: 8, HeadDim: 64, FeedForwardDim: 8192,
            RmsEps: 1e-5f, RopeBase: 500000, RopeDim: 64, ContextLength: 4096, ByteVocabulary.Size, TiedEmbeddings: true)),
        // 485 million, in matrices of Qwen3-30B-A3B's size.
        ("experts", new(
            ModelArchitecture.Named("qwen3moe"), Layers: 3, Dim: 2048, Heads: 32, KvHeads: 8, HeadDim: 64, FeedForwardDim: 6144,
            RmsEps: 1e-5f, RopeBase: 500000, RopeDim: 64, ContextLength: 4096, ByteVocabulary.Size, TiedEmbeddings: true)
        {
            Experts = new(Count: 32, Used: 8, FeedForwardDim: 768),
        }),
    ];

    public static IEnumerable<ConversionMeasurement> Run(CancellationToken cancellation)
    {
        foreach (var (name, config) in s_models)
        {
            var directory = Directory.CreateTempSubdirectory("dpo-bench-conversion-");
            try
            {
                var (source, gguf) = (Path.Combine(directory.FullName, "model"), Path.Combine(directory.FullName, "model.gguf"));
                WriteFolder(source, gguf, config);
                var weights = WeightsOf(source);
                foreach (var type in (TensorType?[])[null, TensorType.F16, TensorType.F32, TensorType.Q8_0])
                {
                    Console.Error.WriteLine($"measuring: {name} to {type?.ToString() ?? "the types that it has"}");
                    var output = Path.Combine(directory.FullName, "out.gguf");
                    yield return Measure(name, type?.ToString().ToLowerInvariant() ?? "keep", weights, output, output, () =>
                    {
                        using var folder = ModelFolder.Open(source);
                        new FolderConversion(folder, type, null, cancellation).Write(output);
                    });
                }
                Console.Error.WriteLine($"measuring: {name} back to a folder");
                var back = Path.Combine(directory.FullName, "back");
                yield return Measure(name, "hf", gguf, back, WeightsOf(back), () =>
                {
                    using var file = GgufFile.Open(gguf);
                    Export(file, back);
                });
            }
            finally
            {
                directory.Delete(recursive: true);
            }
        }
    }

    private static string WeightsOf(string folder) => Path.Combine(folder, "model.safetensors");

    /// <param name="source">The file that is read.</param>
    /// <param name="output">What is written.</param>
    /// <param name="largest">The file of it that the weights are in.</param>
    private static ConversionMeasurement Measure(
        string model, string type, string source, string output, string largest, Action convert)
    {
        var mb = new FileInfo(source).Length / 1e6;
        var (plain, converted, memory) = (new List<double>(), new List<double>(), new List<double>());
        for (var i = 0; i < Times; i++)
        {
            using var peak = new AnonymousPeak();
            converted.Add(Seconds(convert));
            memory.Add(peak.Mib);
            var length = new FileInfo(largest).Length;
            plain.Add(Seconds(() => Copy(source, largest, length)));
            if (Directory.Exists(output)) Directory.Delete(output, recursive: true);
            else File.Delete(output);
        }
        return new(
            model,
            type,
            mb,
            converted.Min(),
            mb / converted.Min(),
            plain.Min(),
            converted.Min() / plain.Min(),
            memory.Max());
    }

    /// <summary>Some values again and again: nothing depends on them.</summary>
    private static void WriteFolder(string folder, string gguf, ModelConfig config)
    {
        var sizes = config
            .ListTensors()
            .ToDictionary(tensor => tensor.Name, tensor => tensor.Shape.Aggregate(1, (product, size) => product * size));
        var random = new Random(1);
        float[] values = [.. Enumerable.Range(0, sizes.Values.Max()).Select(_ => random.NextSingle() - 0.5f)];
        ModelWriter.Write(gguf, "bench", config, name => values.AsMemory(0, sizes[name]), TensorType.BF16);
        using var file = GgufFile.Open(gguf);
        Export(file, folder);
    }

    private static void Export(GgufFile file, string folder)
    {
        var matrices = new MatrixReader(file);
        new FolderExport(file, (name, expert) => matrices.Read(name, expert), source: null).Write(folder, TensorType.BF16);
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
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
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

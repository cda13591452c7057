using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;
using IterativeDpo.Generation.Llama;
using IterativeDpo.Training.Torch;

namespace IterativeDpo.Host;

/// <summary>One engine of this build: its package, what of it runs on this processor, and whether it works here.</summary>
/// <param name="Role">What it does: actors, generation or training.</param>
/// <param name="Library">Which native library was loaded; null where there is none.</param>
/// <param name="Problem">Why it does not work here, or null.</param>
public sealed record EngineInfo(string Role, string Package, string Version, string? Library, string? Problem)
{
    private static readonly (string Role, string Package, Func<string?> Probe)[] _engines =
    [
        ("actors", "Akka", () => null),
        ("generation", "LLamaSharp", ProbeGeneration),
        ("training", "TorchSharp", ProbeTraining),
    ];

    /// <summary>What this build's engines compute on: cpu or cuda.</summary>
    public static string Device { get; } =
        typeof(EngineInfo).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(data => data.Key == "Device").Value!;

    public static string ProgramVersion { get; } = typeof(EngineInfo).Assembly.GetName().Version!.ToString(3);

    /// <summary>What engines compute on and with here: where it is the same, so are the bits.</summary>
    /// <param name="threads">Of each engine.</param>
    public static string Machine(int threads) =>
        $"{Processor.Value}, {Device}, {threads} {(threads == 1 ? "thread" : "threads")}, dpo {Build}, {string.Join(", ", Describe().Where(engine => engine.Key != "actors").Select(engine => engine.Value))}";

    private static Lazy<string> Processor { get; } = new(() =>
    {
        const string cpuInfo = "/proc/cpuinfo", field = "model name";
        var line = File.Exists(cpuInfo)
            ? File.ReadLines(cpuInfo).FirstOrDefault(line => line.StartsWith(field, StringComparison.Ordinal))
            : null;
        return line?[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    });

    /// <summary>Version and commit.</summary>
    private static string Build { get; } =
        typeof(EngineInfo).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion is var text
        && text.IndexOf('+') is >= 0 and var plus
        && text.Length > plus + 8
            ? text[..(plus + 8)]
            : ProgramVersion;

    /// <summary>Every engine, each made to do something small.</summary>
    public static IReadOnlyList<EngineInfo> Probed() => [.. _engines.Select(Probed)];

    /// <summary>For the <c>--json</c> contract: role to package and version.</summary>
    public static IReadOnlyDictionary<string, string> Describe()
    {
        var versions = Versions();
        return _engines.ToDictionary(engine => engine.Role, engine => $"{engine.Package} {versions[engine.Package]}");
    }

    private static EngineInfo Probed((string Role, string Package, Func<string?> Probe) engine)
    {
        var version = Versions()[engine.Package];
        try
        {
            return new(engine.Role, engine.Package, version, engine.Probe(), null);
        }
        catch (Exception error)
        {
            return new(
                engine.Role,
                engine.Package,
                version,
                null,
                error is TypeInitializationException { InnerException: { } cause } ? cause.Message : error.Message);
        }
    }

    private static string? ProbeGeneration()
    {
        LlamaGenerator.Load(new LlamaOptions(BundledFiles.SeedModel, ContextSize: 64, Sequences: 1)).Dispose();
        return LoadedFrom("libggml-cpu") ?? LoadedFrom("libllama");
    }

    private static string? ProbeTraining()
    {
        var device = TorchEngine.Probe();
        var fit = Path.Combine(AppContext.BaseDirectory, "libLibTorchSharp.so.txt");
        return $"LibTorch for {device}{(File.Exists(fit) ? $"; libLibTorchSharp.so {File.ReadAllText(fit).Trim()}" : "")}";
    }

    /// <summary>Where this process has loaded a library from, below the program's folder.</summary>
    private static string? LoadedFrom(string library)
    {
        using var process = Process.GetCurrentProcess();
        return process.Modules.Cast<ProcessModule>()
            .Where(module => module.ModuleName.StartsWith(library, StringComparison.Ordinal))
            .Select(module => Path.GetRelativePath(AppContext.BaseDirectory, module.FileName))
            .FirstOrDefault();
    }

    /// <summary>The packages that this build was made of. Not every assembly knows its version.</summary>
    private static Dictionary<string, string> Versions()
    {
        using var stream = File.OpenRead(Path.ChangeExtension(typeof(EngineInfo).Assembly.Location, ".deps.json"));
        using var document = JsonDocument.Parse(stream);
        return document.RootElement.GetProperty("libraries").EnumerateObject()
            .Select(library => library.Name.Split('/'))
            .ToDictionary(parts => parts[0], parts => parts[1]);
    }
}

using System.Reflection;
using IterativeDpo.Generation.Llama;
using IterativeDpo.Training.Torch;

namespace IterativeDpo.Host;

/// <summary>One engine of this build: what it is, where it came from and whether it works here.</summary>
/// <param name="Role">What it does: actors, generation or training.</param>
/// <param name="Source"><c>package</c>, or <c>stand-in</c> from compat/.</param>
/// <param name="Problem">Why it does not work here, or null.</param>
public sealed record EngineInfo(string Role, string Name, string Version, string Source, string? Problem)
{
    private static readonly (string Role, string Assembly, Action Probe)[] _engines =
    [
        ("actors", "Akka", () => { }),
        ("generation", "LLamaSharp", () => LlamaGenerator.Load(new LlamaOptions(BundledFiles.SeedModel, ContextSize: 64, Sequences: 1)).Dispose()),
        ("training", "TorchSharp", () => TorchEngine.Probe()),
    ];

    /// <summary>Every engine, each made to do something small.</summary>
    public static IReadOnlyList<EngineInfo> Probed() => [.. _engines.Select(engine => Of(engine.Role, engine.Assembly, engine.Probe))];

    /// <summary>For the <c>--json</c> contract: role to name, version and source.</summary>
    public static IReadOnlyDictionary<string, string> Describe() =>
        _engines
            .Select(engine => Of(engine.Role, engine.Assembly, () => { }))
            .ToDictionary(engine => engine.Role, engine => $"{engine.Name} {engine.Version} ({engine.Source})");

    private static EngineInfo Of(string role, string assemblyName, Action probe)
    {
        try
        {
            var assembly = Assembly.Load(assemblyName);
            var version = assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0];
            var standIn = assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Any(data => data.Key == "IterativeDpo.StandIn");
            return new EngineInfo(role, assemblyName, version ?? "?", standIn ? "stand-in" : "package", ProblemOf(probe));
        }
        catch (IOException error)
        {
            return new EngineInfo(role, assemblyName, "?", "missing", error.Message);
        }
    }

    private static string? ProblemOf(Action probe)
    {
        try
        {
            probe();
            return null;
        }
        catch (Exception error)
        {
            return (error.InnerException ?? error).Message;
        }
    }
}

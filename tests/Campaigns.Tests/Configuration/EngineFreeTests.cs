using System.Reflection;
using System.Runtime.Loader;
using IterativeDpo.Campaigns.Configuration;

namespace IterativeDpo.Campaigns.Tests.Configuration;

/// <summary>Reading a configuration, every type of judge in it, loads no engine.</summary>
public sealed class EngineFreeTests
{
    [Fact]
    public void Load_everySetting_loadsNeitherAnActorSystemNorAModelLibrary()
    {
        var apart = new Apart();
        var load = apart
            .LoadFromAssemblyPath(typeof(CampaignConfiguration).Assembly.Location)
            .GetType(typeof(CampaignConfiguration).FullName!)!
            .GetMethod("Load")!;

        foreach (var file in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Configuration", "Stored"), "*.conf"))
        {
            Assert.NotNull(load.Invoke(null, [file, null]));
        }

        Assert.Contains("IterativeDpo.Judging", apart.Assemblies.Select(assembly => assembly.GetName().Name));
        Assert.DoesNotContain(
            apart.Assemblies,
            assembly => assembly.GetName().Name!.StartsWith("Akka", StringComparison.Ordinal) || assembly.GetName().Name == "LLamaSharp");
        Assert.Empty(apart.Natives);
    }

    /// <summary>Loads everything but the framework anew, and notes what is asked for.</summary>
    private sealed class Apart() : AssemblyLoadContext(nameof(Apart))
    {
        public List<string> Natives { get; } = [];

        protected override Assembly? Load(AssemblyName name) =>
            Path.Combine(AppContext.BaseDirectory, $"{name.Name}.dll") is var path && File.Exists(path) ? LoadFromAssemblyPath(path) : null;

        protected override nint LoadUnmanagedDll(string name)
        {
            Natives.Add(name);
            return base.LoadUnmanagedDll(name);
        }
    }
}

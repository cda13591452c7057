namespace Akka;

/// <summary>Types by the names that configurations and manifests use: full name and assembly, without a version.</summary>
internal static class TypeNames
{
    /// <summary>The type of that name, or null. The package's assemblies (Akka.Persistence and so on) are all this one.</summary>
    internal static Type Find(string name)
    {
        var comma = name.IndexOf(',');
        var isOurs = comma < 0 || name[(comma + 1)..].TrimStart().StartsWith("Akka", StringComparison.Ordinal);
        return Type.GetType(name) ?? (isOurs ? typeof(TypeNames).Assembly.GetType(comma < 0 ? name : name[..comma].TrimEnd()) : null);
    }

    internal static string Of(Type type) => $"{type.FullName}, {type.Assembly.GetName().Name}";
}

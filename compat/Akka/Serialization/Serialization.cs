using System.Collections.Concurrent;
using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Configuration;

namespace Akka.Serialization;

/// <summary>Finds the serializer of a type and of an identifier, as <c>akka.actor.serializers</c> and its bindings say.</summary>
public class Serialization
{
    private readonly Dictionary<int, Serializer> _byId = [];
    private readonly List<(Type Type, Serializer Serializer)> _bindings = [];
    private readonly ConcurrentDictionary<Type, Serializer> _byType = new();

    internal Serialization(ExtendedActorSystem system)
    {
        var config = system.Settings.Config;
        var byName = config.GetConfig("akka.actor.serializers").AsEnumerable().ToDictionary(
            entry => entry.Key, entry => (Serializer)Activator.CreateInstance(Find(entry.Value.GetString(), "serializer"), system));
        foreach (var serializer in byName.Values) _byId[serializer.Identifier] = serializer;
        foreach (var (typeName, value) in config.GetConfig("akka.actor.serialization-bindings").AsEnumerable())
        {
            if (!byName.TryGetValue(value.GetString(), out var serializer))
                throw new ConfigurationException($"Serialization binding to non existing serializer: '{value.GetString()}'");
            _bindings.Add((Find(typeName, "message"), serializer));
        }
    }

    public byte[] Serialize(object o) => FindSerializerFor(o).ToBinary(o);

    /// <exception cref="SerializationException">No serializer has that identifier, or it does not know the manifest.</exception>
    public object Deserialize(byte[] bytes, int serializerId, string manifest)
    {
        if (!_byId.TryGetValue(serializerId, out var serializer))
            throw new SerializationException($"Cannot find serializer with id [{serializerId}] (manifest [{manifest}]). Is 'akka.actor.serializers' complete?");
        if (serializer is SerializerWithStringManifest withManifest) return withManifest.FromBinary(bytes, manifest);
        if (string.IsNullOrEmpty(manifest)) return serializer.FromBinary(bytes, (Type)null);
        var type = TypeNames.Find(manifest) ?? throw new SerializationException($"Cannot find manifest class [{manifest}] for serializer with id [{serializerId}].");
        return serializer.FromBinary(bytes, type);
    }

    /// <summary>The serializer bound to the object's type, to a base type or interface of it, or to all objects.</summary>
    public Serializer FindSerializerFor(object obj) => _byType.GetOrAdd(obj.GetType(), type =>
        _bindings.FirstOrDefault(binding => binding.Type == type).Serializer
        ?? _bindings.FirstOrDefault(binding => binding.Type != typeof(object) && binding.Type.IsAssignableFrom(type)).Serializer
        ?? _bindings.First(binding => binding.Type == typeof(object)).Serializer);

    /// <summary>What has to be kept beside the bytes for <see cref="Deserialize"/>.</summary>
    public static string ManifestFor(Serializer s, object msg) => s switch
    {
        SerializerWithStringManifest withManifest => withManifest.Manifest(msg),
        { IncludeManifest: true } => TypeNames.Of(msg.GetType()),
        _ => "",
    };

    private static Type Find(string typeName, string what) =>
        TypeNames.Find(typeName) ?? throw new ConfigurationException($"The type name for {what} '{typeName}' did not resolve to an actual Type.");
}

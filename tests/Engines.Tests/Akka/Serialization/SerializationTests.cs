using System.Runtime.Serialization;
using System.Text;
using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;
using Akka.TestKit.Xunit2;
using AkkaSerialization = Akka.Serialization.Serialization;

namespace IterativeDpo.Engines.Tests.Akka.Serialization;

/// <summary>Objects to bytes and back, by the serializers of the configuration.</summary>
public sealed class SerializationTests : TestKit
{
    private static readonly string Namespace = typeof(SerializationTests).FullName!;

    public SerializationTests()
        : base(ConfigurationFactory.ParseString(
            $$"""
            akka.actor {
              serializers.named = "{{Namespace}}+NamedSerializer, {{typeof(SerializationTests).Assembly.GetName().Name}}"
              serialization-bindings."{{Namespace}}+INamed, {{typeof(SerializationTests).Assembly.GetName().Name}}" = named
              serialization-identifiers."{{Namespace}}+NamedSerializer, {{typeof(SerializationTests).Assembly.GetName().Name}}" = 4711
            }
            """))
    {
    }

    private interface INamed;

    [Fact]
    public void FindSerializerFor_aTypeBoundByItsInterface_givesThatSerializer() =>
        Assert.Equal(4711, Sys.Serialization.FindSerializerFor(new Person("Ada")).Identifier);

    [Fact]
    public void Deserialize_withIdAndManifest_givesTheObjectBack()
    {
        var person = new Person("Ada");
        var serializer = Sys.Serialization.FindSerializerFor(person);
        var manifest = AkkaSerialization.ManifestFor(serializer, person);

        var read = Sys.Serialization.Deserialize(serializer.ToBinary(person), serializer.Identifier, manifest);

        Assert.Equal("person", manifest);
        Assert.Equal(person, read);
    }

    [Fact]
    public void Deserialize_aTextWithoutASerializerOfItsOwn_givesTheTextBack()
    {
        var serializer = Sys.Serialization.FindSerializerFor("text");

        Assert.Equal("text", Sys.Serialization.Deserialize(
            Sys.Serialization.Serialize("text"), serializer.Identifier, AkkaSerialization.ManifestFor(serializer, "text")));
    }

    [Fact]
    public void Deserialize_unknownId_throwsSerializationException() =>
        Assert.Throws<SerializationException>(() => Sys.Serialization.Deserialize([], 999, ""));

    private sealed record Person(string Name) : INamed;

    private sealed class NamedSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
    {
        public override string Manifest(object o) => o is Person ? "person" : throw new ArgumentException($"No manifest for {o}.", nameof(o));

        public override byte[] ToBinary(object obj) => Encoding.UTF8.GetBytes(((Person)obj).Name);

        public override object FromBinary(byte[] bytes, string manifest) => manifest == "person"
            ? new Person(Encoding.UTF8.GetString(bytes))
            : throw new SerializationException($"Unknown manifest {manifest}.");
    }
}

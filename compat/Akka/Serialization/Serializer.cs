using Akka.Actor;

namespace Akka.Serialization;

/// <summary>Turns objects into bytes and back.</summary>
public abstract class Serializer
{
    protected readonly ExtendedActorSystem system;

    private readonly Lazy<int> _configuredIdentifier;

    protected Serializer(ExtendedActorSystem system)
    {
        this.system = system;
        _configuredIdentifier = new Lazy<int>(ConfiguredIdentifier);
    }

    /// <summary>Names the serializer beside its bytes; by default from <c>akka.actor.serialization-identifiers</c>.</summary>
    public virtual int Identifier => _configuredIdentifier.Value;

    /// <summary>Whether <see cref="FromBinary(byte[], Type)"/> needs the type.</summary>
    public abstract bool IncludeManifest { get; }

    public abstract byte[] ToBinary(object obj);

    public abstract object FromBinary(byte[] bytes, Type type);

    private int ConfiguredIdentifier()
    {
        var identifiers = system.Settings.Config.GetConfig("akka.actor.serialization-identifiers").AsEnumerable();
        foreach (var (name, value) in identifiers)
        {
            if (TypeNames.Find(name) == GetType()) return value.GetInt();
        }

        throw new ArgumentException($"Couldn't find serializer id for [{GetType()}] under [akka.actor.serialization-identifiers] HOCON path");
    }
}

/// <summary>A serializer that names the kinds of its objects itself, so that types can move.</summary>
public abstract class SerializerWithStringManifest : Serializer
{
    protected SerializerWithStringManifest(ExtendedActorSystem system)
        : base(system)
    {
    }

    public sealed override bool IncludeManifest => true;

    public sealed override object FromBinary(byte[] bytes, Type type) => FromBinary(bytes, TypeNames.Of(type));

    public abstract object FromBinary(byte[] bytes, string manifest);

    public abstract string Manifest(object o);
}

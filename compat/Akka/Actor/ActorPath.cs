namespace Akka.Actor;

/// <summary>An actor's place in the tree of its system; the uid tells successive actors at one place apart.</summary>
public sealed class ActorPath
{
    private readonly ActorPath _parent;

    internal ActorPath(Address address)
    {
        Address = address;
        Name = "";
    }

    internal ActorPath(ActorPath parent, string name, long uid)
    {
        Address = parent.Address;
        _parent = parent;
        Name = name;
        Uid = uid;
    }

    public string Name { get; }

    public ActorPath Parent => _parent ?? this;

    internal Address Address { get; }

    internal long Uid { get; }

    internal string ToStringWithoutAddress() => _parent is null ? "/" : $"{(_parent._parent is null ? "" : _parent.ToStringWithoutAddress())}/{Name}";

    public override string ToString() => Address + ToStringWithoutAddress();

    /// <summary>A name may hold the letters, digits and marks that a URI path segment may.</summary>
    internal static bool IsValidPathElement(string name) =>
        name.Length > 0 && name[0] != '$' && name.All(c => char.IsAsciiLetterOrDigit(c) || "-_.*$+:@&=,!~';%()".Contains(c));
}

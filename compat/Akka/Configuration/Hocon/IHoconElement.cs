#nullable disable // As in the package: callers see no annotations.
namespace Akka.Configuration.Hocon;

/// <summary>A part of a value: a text, an array, an object, or a reference to another value.</summary>
internal interface IHoconElement
{
    bool IsString();

    string GetString();

    bool IsArray();

    IList<HoconValue> GetArray();
}

internal sealed class HoconLiteral(string value) : IHoconElement
{
    public bool IsString() => true;

    public string GetString() => value;

    public bool IsArray() => false;

    public IList<HoconValue> GetArray() => throw new NotSupportedException("A text is no array.");
}

internal sealed class HoconArray(List<HoconValue> items) : IHoconElement
{
    public bool IsString() => false;

    public string GetString() => throw new NotSupportedException("An array is no text.");

    public bool IsArray() => true;

    public IList<HoconValue> GetArray() => items;
}

/// <summary><c>${path}</c>; what it stands for is known once the whole text is read.</summary>
internal sealed class HoconSubstitution(string path) : IHoconElement
{
    public string Path => path;

    public HoconValue Target { get; set; }

    public bool IsString() => Target.IsString();

    public string GetString() => Target.GetString();

    public bool IsArray() => Target.IsArray();

    public IList<HoconValue> GetArray() => Target.GetArray();
}

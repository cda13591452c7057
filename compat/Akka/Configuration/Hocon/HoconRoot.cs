#nullable disable // As in the package: callers see no annotations.
namespace Akka.Configuration.Hocon;

/// <summary>What one text was parsed to.</summary>
public class HoconRoot(HoconValue value)
{
    public HoconValue Value { get; } = value;
}

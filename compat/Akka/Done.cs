namespace Akka;

/// <summary>The result of a task that is awaited for its completion only.</summary>
public sealed class Done
{
    public static readonly Done Instance = new();

    private Done()
    {
    }
}

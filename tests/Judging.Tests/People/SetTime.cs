namespace IterativeDpo.Judging.Tests.People;

/// <summary>A clock that is where it is put; waits are real.</summary>
internal sealed class SetTime : TimeProvider
{
    public DateTimeOffset Now { get; set; } = Tasks.Start;

    public override DateTimeOffset GetUtcNow() => Now;
}

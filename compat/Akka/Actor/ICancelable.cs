namespace Akka.Actor;

public interface ICancelable
{
    CancellationToken Token { get; }

    void Cancel();
}

/// <summary>Cancels what it was passed to when it was scheduled.</summary>
internal sealed class Cancelable : ICancelable
{
    private readonly CancellationTokenSource _source = new();

    public CancellationToken Token => _source.Token;

    public void Cancel() => _source.Cancel();
}

using System.Runtime.InteropServices;
using IterativeDpo.Host.Nodes;

namespace IterativeDpo.Host;

/// <summary>
/// Ctrl-C and SIGTERM as a cancellation: the first asks the work to save and stop, a second one ends the process at once.
/// </summary>
public sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _registrations;

    public Interruption() =>
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
        ];

    public CancellationToken Token => _source.Token;

    private void OnSignal(PosixSignalContext context)
    {
        // A node hears of Ctrl-C from the terminal and from its supervisor, which says so, and which it ends with.
        context.Cancel = NodeProcess.IsNode || !_source.IsCancellationRequested;
        if (_source.IsCancellationRequested)
        {
            return;
        }
        if (!NodeProcess.IsNode)
        {
            Console.Error.WriteLine("dpo: saving and stopping (again to stop at once)");
        }
        _source.Cancel();
    }

    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }
        _source.Dispose();
    }
}

namespace TorchSharp;

/// <summary>Owns the tensors created on its thread while it is the innermost scope, and disposes them with itself.</summary>
public sealed class DisposeScope : IDisposable
{
    private DisposeScopeManager? _manager;

    internal DisposeScope(DisposeScopeManager manager)
    {
        _manager = manager;
        OuterScope = manager.CurrentDisposeScope;
    }

    internal DisposeScope? OuterScope { get; set; }

    // By reference: Tensor.Equals compares elements.
    internal HashSet<IDisposable> Disposables { get; } = new(ReferenceEqualityComparer.Instance);

    public void MoveToOuter(IEnumerable<IDisposable> disposables)
    {
        _ = Live();
        foreach (var disposable in disposables)
        {
            if (!Disposables.Remove(disposable)) continue;
            OuterScope?.Disposables.Add(disposable);
            ((torch.Tensor)disposable).OwningDisposeScope = OuterScope;
        }
    }

    internal void Detach(torch.Tensor tensor)
    {
        _ = Live();
        Disposables.Remove(tensor);
        tensor.OwningDisposeScope = null;
    }

    public void Dispose()
    {
        if (_manager is null) return;
        var all = Disposables.ToArray();
        Disposables.Clear();
        foreach (var disposable in all) disposable.Dispose();
        _manager.Remove(this);
        _manager = null;
    }

    private DisposeScopeManager Live()
    {
        ObjectDisposedException.ThrowIf(_manager is null, this);
        return _manager;
    }
}

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

    public int DisposablesCount
    {
        get
        {
            _ = Live();
            return Disposables.Count;
        }
    }

    public bool Contains(IDisposable disposable) => Disposables.Contains(disposable);

    public T MoveToOuter<T>(T disposable) where T : IDisposable
    {
        MoveToOther(OuterScope, new IDisposable[] { disposable });
        return disposable;
    }

    public void MoveToOuter(IEnumerable<IDisposable> disposables) => MoveToOther(OuterScope, disposables);

    public void MoveToOther(DisposeScope? scope, IEnumerable<IDisposable> disposables)
    {
        _ = Live();
        if (scope is null)
        {
            Detach(disposables);
            return;
        }
        foreach (var disposable in disposables)
        {
            if (Disposables.Remove(disposable)) scope.Own((torch.Tensor)disposable);
        }
    }

    public T Detach<T>(T disposable) where T : IDisposable
    {
        Detach(new IDisposable[] { disposable });
        return disposable;
    }

    public void Detach(IEnumerable<IDisposable> disposables)
    {
        var statistics = Live().StatisticsInstance.TensorStatistics;
        foreach (var disposable in disposables)
        {
            if (!Disposables.Remove(disposable)) continue;
            statistics.DetachedFromScopeCount++;
            ((torch.Tensor)disposable).OwningDisposeScope = null;
        }
    }

    public void Attach(IDisposable disposable)
    {
        var statistics = Live().StatisticsInstance.TensorStatistics;
        if (Own((torch.Tensor)disposable)) statistics.AttachedToScopeCount++;
    }

    public void DisposeEverything()
    {
        _ = Live();
        var all = Disposables.ToArray();
        Disposables.Clear();
        foreach (var disposable in all) disposable.Dispose();
    }

    public void Dispose()
    {
        if (_manager is null) return;
        DisposeEverything();
        _manager.Remove(this);
        _manager = null;
    }

    public void MarkAsDisposed(IDisposable disposable)
    {
        _ = Live();
        Disposables.Remove(disposable);
        ((torch.Tensor)disposable).OwningDisposeScope = null;
    }

    private bool Own(torch.Tensor tensor)
    {
        if (ReferenceEquals(tensor.OwningDisposeScope, this)) return false;
        tensor.OwningDisposeScope?.Disposables.Remove(tensor);
        Disposables.Add(tensor);
        tensor.OwningDisposeScope = this;
        return true;
    }

    private DisposeScopeManager Live()
    {
        ObjectDisposedException.ThrowIf(_manager is null, this);
        return _manager;
    }
}

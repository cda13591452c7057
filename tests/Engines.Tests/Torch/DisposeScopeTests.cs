using TorchSharp;
using static TorchSharp.torch;

namespace IterativeDpo.Engines.Tests.Torch;

public sealed class DisposeScopeTests
{
    private static long Live => DisposeScopeManager.Statistics.ThreadTotalLiveCount;

    [Fact]
    public void a_scope_disposes_every_tensor_made_inside_it()
    {
        var before = Live;
        Tensor inside;
        using (NewDisposeScope())
        {
            inside = (zeros(2) + 1).exp();
            Assert.Equal(before + 3, Live);
        }

        Assert.True(inside.IsInvalid);
        Assert.Equal(before, Live);
    }

    [Fact]
    public void a_tensor_moved_out_lives_as_long_as_the_outer_scope()
    {
        using var outer = NewDisposeScope();
        Tensor kept;
        using (NewDisposeScope()) kept = zeros(2).MoveToOuterDisposeScope();

        Assert.False(kept.IsInvalid);
        outer.Dispose();
        Assert.True(kept.IsInvalid);
    }

    [Fact]
    public void a_detached_tensor_survives_every_scope()
    {
        Tensor kept;
        using (NewDisposeScope())
        using (NewDisposeScope()) kept = zeros(2).DetachFromDisposeScope();

        Assert.False(kept.IsInvalid);
        kept.Dispose();
        Assert.True(kept.IsInvalid);
    }

    [Fact]
    public void a_tensor_disposed_by_hand_leaves_its_scope()
    {
        using var scope = NewDisposeScope();
        var tensor = zeros(2);
        Assert.Equal(1, scope.DisposablesCount);
        tensor.Dispose();

        Assert.Equal(0, scope.DisposablesCount);
    }

    [Fact]
    public void statistics_tell_tensors_in_scopes_from_those_outside()
    {
        var statistics = DisposeScopeManager.Statistics;
        var (inside, outside) = (statistics.CreatedInScopeCount, statistics.CreatedOutsideScopeCount);
        using var free = zeros(1);
        using (NewDisposeScope()) _ = zeros(1);

        Assert.Equal(inside + 1, statistics.CreatedInScopeCount);
        Assert.Equal(outside + 1, statistics.CreatedOutsideScopeCount);
    }

    [Fact]
    public void a_scope_is_of_its_thread_only()
    {
        using var scope = NewDisposeScope();
        Tensor? elsewhere = null;
        DisposeScope? scopeElsewhere = scope;
        var thread = new Thread(() => (scopeElsewhere, elsewhere) = (CurrentDisposeScope, zeros(1)));
        thread.Start();
        thread.Join();

        Assert.Null(scopeElsewhere);
        Assert.False(scope.Contains(elsewhere!));
        elsewhere!.Dispose();
    }

    [Fact]
    public void use_of_a_disposed_tensor_throws()
    {
        var tensor = zeros(1);
        tensor.Dispose();

        Assert.Throws<InvalidOperationException>(() => tensor.exp());
    }
}

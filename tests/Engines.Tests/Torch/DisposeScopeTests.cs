using TorchSharp;
using static TorchSharp.torch;

namespace IterativeDpo.Engines.Tests.Torch;

public sealed class DisposeScopeTests
{
    private static long Live => DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

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

        Assert.Throws<InvalidOperationException>(inside.exp);
        Assert.Equal(before, Live);
    }

    [Fact]
    public void a_tensor_moved_out_lives_as_long_as_the_outer_scope()
    {
        var before = Live;
        using (NewDisposeScope())
        {
            using (NewDisposeScope()) zeros(2).MoveToOuterDisposeScope();
            Assert.Equal(before + 1, Live);
        }

        Assert.Equal(before, Live);
    }

    [Fact]
    public void a_detached_tensor_survives_every_scope()
    {
        var before = Live;
        Tensor kept;
        using (NewDisposeScope())
        using (NewDisposeScope()) kept = zeros(2).DetachFromDisposeScope();

        Assert.Equal(before + 1, Live);
        kept.Dispose();
        Assert.Equal(before, Live);
    }

    [Fact]
    public void a_tensor_disposed_by_hand_is_not_disposed_again_by_its_scope()
    {
        var before = Live;
        using (NewDisposeScope()) zeros(2).Dispose();

        Assert.Equal(before, Live);
    }

    [Fact]
    public void a_scope_is_of_its_thread_only()
    {
        Tensor? elsewhere = null;
        using (NewDisposeScope())
        {
            var thread = new Thread(() => elsewhere = zeros(1));
            thread.Start();
            thread.Join();
        }

        Assert.Equal(0f, elsewhere!.item<float>());
        elsewhere.Dispose();
    }

    [Fact]
    public void use_of_a_disposed_tensor_throws()
    {
        var tensor = zeros(1);
        tensor.Dispose();

        Assert.Throws<InvalidOperationException>(tensor.exp);
    }
}

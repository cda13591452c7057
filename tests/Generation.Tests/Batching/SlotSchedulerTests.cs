using IterativeDpo.Generation.Batching;

namespace IterativeDpo.Generation.Tests.Batching;

public class SlotSchedulerTests
{
    [Fact]
    public void TryAdmit_moreSamplesThanSlots_fillsTheSlotsInOrder()
    {
        var scheduler = new SlotScheduler(3, [2, 2]);

        Assert.Equal([new(0, 0, 0, true), new(0, 1, 1, false), new(1, 0, 2, true)], AdmitAll(scheduler));
        Assert.Equal(3, scheduler.Active);
    }

    [Fact]
    public void TryAdmit_slotReleased_takesItAtOnce()
    {
        var scheduler = new SlotScheduler(3, [2, 2]);
        AdmitAll(scheduler);
        scheduler.Release(1);

        Assert.Equal([new Admission(1, 1, 1, false)], AdmitAll(scheduler));
    }

    [Fact]
    public void TryAdmit_nothingWaits_givesNothing()
    {
        var scheduler = new SlotScheduler(2, [1]);
        AdmitAll(scheduler);

        Assert.Empty(AdmitAll(scheduler));
    }

    [Fact]
    public void Compact_gapsBelow_movesTheHighestIntoTheLowest()
    {
        var scheduler = new SlotScheduler(5, [5]);
        AdmitAll(scheduler);
        scheduler.Release(0);
        scheduler.Release(2);

        Assert.True(scheduler.Compact(out var from, out var to));
        Assert.Equal((4, 0), (from, to));
        Assert.True(scheduler.Compact(out from, out to));
        Assert.Equal((3, 2), (from, to));
        Assert.False(scheduler.Compact(out _, out _));
    }

    [Theory]
    [InlineData(5)]
    [InlineData(3)]
    [InlineData(0)]
    public void Compact_noGap_movesNothing(int releasedFrom)
    {
        var scheduler = new SlotScheduler(5, [5]);
        AdmitAll(scheduler);
        for (var slot = releasedFrom; slot < 5; slot++)
        {
            scheduler.Release(slot);
        }

        Assert.False(scheduler.Compact(out _, out _));
    }

    [Fact]
    public void Release_freeSlot_throws() => Assert.Throws<InvalidOperationException>(() => new SlotScheduler(2, [1]).Release(0));

    [Fact]
    public void New_requestWithoutSamples_throws() => Assert.Throws<ArgumentException>(() => new SlotScheduler(2, [1, 0]));

    private static List<Admission> AdmitAll(SlotScheduler scheduler)
    {
        var admissions = new List<Admission>();
        while (scheduler.TryAdmit(out var admission))
        {
            admissions.Add(admission);
        }
        return admissions;
    }
}

using IterativeDpo.Actors.Persistence;

namespace IterativeDpo.Actors.Tests.Persistence;

public sealed class SnapshotTableTests : IDisposable
{
    private readonly DatabaseFile _file = new();
    private readonly SqliteDatabase _database;
    private readonly SnapshotTable _snapshots;

    public SnapshotTableTests()
    {
        _database = SqliteDatabase.Open(_file.Path);
        _snapshots = new SnapshotTable(_database);
        Save(10, 1000);
        Save(20, 2000);
        Save(30, 3000);
    }

    public void Dispose()
    {
        _database.Dispose();
        _file.Dispose();
    }

    [Fact]
    public void Latest_is_the_one_with_the_highest_number()
    {
        var latest = _snapshots.Latest("a", SnapshotBounds.All)!;

        Assert.Equal((30, 3000), (latest.SequenceNr, latest.TimestampTicks));
        Assert.Equal([30], latest.Payload.Bytes);
    }

    [Fact]
    public void Latest_keeps_within_numbers_and_times()
    {
        Assert.Equal(20, _snapshots.Latest("a", new SnapshotBounds(MaxSequenceNr: 29))!.SequenceNr);
        Assert.Equal(10, _snapshots.Latest("a", new SnapshotBounds(MaxTicks: 1999))!.SequenceNr);
        Assert.Null(_snapshots.Latest("a", new SnapshotBounds(MinSequenceNr: 31)));
    }

    [Fact]
    public void Latest_of_another_entity_is_none()
    {
        Assert.Null(_snapshots.Latest("b", SnapshotBounds.All));
    }

    [Fact]
    public void Save_of_a_number_again_replaces_it()
    {
        Save(30, 4000);

        Assert.Equal(4000, _snapshots.Latest("a", SnapshotBounds.All)!.TimestampTicks);
    }

    [Fact]
    public void Delete_removes_those_within_the_bounds()
    {
        _snapshots.Delete("a", new SnapshotBounds(MinSequenceNr: 15));

        Assert.Equal(10, _snapshots.Latest("a", SnapshotBounds.All)!.SequenceNr);
    }

    private void Save(long sequenceNr, long ticks) =>
        _snapshots.Save(new StoredSnapshot("a", sequenceNr, ticks, new StoredPayload(640, "campaign-state", [(byte)sequenceNr])));
}

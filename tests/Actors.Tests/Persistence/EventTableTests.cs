using IterativeDpo.Actors.Persistence;

namespace IterativeDpo.Actors.Tests.Persistence;

public sealed class EventTableTests : IDisposable
{
    private readonly DatabaseFile _file = new();
    private readonly SqliteDatabase _database;
    private readonly EventTable _events;

    public EventTableTests()
    {
        _database = SqliteDatabase.Open(_file.Path);
        _events = new EventTable(_database);
    }

    public void Dispose()
    {
        _database.Dispose();
        _file.Dispose();
    }

    [Fact]
    public void Read_gives_the_events_of_the_entity_within_the_bounds_in_order()
    {
        _events.Append([DatabaseFile.Event("a", 1), DatabaseFile.Event("a", 2), DatabaseFile.Event("a", 3), DatabaseFile.Event("b", 1)]);

        var read = _events.Read("a", 2, 3, 10);

        Assert.Equal([2, 3], read.Select(stored => stored.SequenceNr));
        Assert.Equal("manifest 2", read[0].Payload.Manifest);
        Assert.Equal(640, read[0].Payload.SerializerId);
        Assert.Equal([1, 2, 2], read[0].Payload.Bytes);
    }

    [Fact]
    public void Read_gives_no_more_than_asked_for()
    {
        _events.Append([DatabaseFile.Event("a", 1), DatabaseFile.Event("a", 2)]);

        Assert.Equal([1], _events.Read("a", 1, long.MaxValue, 1).Select(stored => stored.SequenceNr));
    }

    [Fact]
    public void Append_of_a_number_that_is_taken_writes_none_of_the_batch()
    {
        _events.Append([DatabaseFile.Event("a", 2)]);

        Assert.Throws<StateDatabaseException>(() => _events.Append([DatabaseFile.Event("a", 1), DatabaseFile.Event("a", 2)]));

        Assert.Equal([2], _events.Read("a", 1, 9, 9).Select(stored => stored.SequenceNr));
    }

    [Fact]
    public void HighestSequenceNr_of_an_unknown_entity_is_0()
    {
        Assert.Equal(0, _events.HighestSequenceNr("nobody"));
    }

    [Fact]
    public void DeleteTo_removes_events_and_remembers_the_highest_number()
    {
        _events.Append([DatabaseFile.Event("a", 1), DatabaseFile.Event("a", 2)]);

        _events.DeleteTo("a", long.MaxValue);

        Assert.Empty(_events.Read("a", 1, 9, 9));
        Assert.Equal(2, _events.HighestSequenceNr("a"));
    }

    [Fact]
    public void DeleteTo_keeps_later_events_and_other_entities()
    {
        _events.Append([DatabaseFile.Event("a", 1), DatabaseFile.Event("a", 2), DatabaseFile.Event("b", 1)]);

        _events.DeleteTo("a", 1);

        Assert.Equal([2], _events.Read("a", 1, 9, 9).Select(stored => stored.SequenceNr));
        Assert.Single(_events.Read("b", 1, 9, 9));
    }
}

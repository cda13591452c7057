using IterativeDpo.Actors.Persistence;

namespace IterativeDpo.Actors.Tests.Persistence;

public sealed class SharedDatabaseTests : IDisposable
{
    private readonly DatabaseFile _file = new();

    public void Dispose() => _file.Dispose();

    [Fact]
    public void Join_of_the_same_file_shares_its_connection()
    {
        using var first = SharedDatabase.Join(_file.Path);
        using var second = SharedDatabase.Join(_file.Path);

        Assert.Same(first.Database, second.Database);
    }

    [Fact]
    public void Dispose_keeps_the_connection_for_those_who_stay()
    {
        using var stays = SharedDatabase.Join(_file.Path);
        SharedDatabase.Join(_file.Path).Dispose();

        Assert.Equal(0, new EventTable(stays.Database).HighestSequenceNr("a"));
    }

    [Fact]
    public void Join_after_the_last_user_left_opens_the_file_again()
    {
        var first = SharedDatabase.Join(_file.Path);
        first.Dispose();

        using var second = SharedDatabase.Join(_file.Path);

        Assert.NotSame(first.Database, second.Database);
    }
}

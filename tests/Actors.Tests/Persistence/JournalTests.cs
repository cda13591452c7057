using System.Reflection;
using System.Text;
using Akka.Actor;
using Akka.Configuration;
using Akka.Pattern;
using Akka.Persistence;
using IterativeDpo.Actors.Persistence;
using IterativeDpo.Campaigns.Configuration;
using Xunit.Sdk;

namespace IterativeDpo.Actors.Tests.Persistence;

/// <summary>What a campaign relies on in its journal and snapshots, wherever they are.</summary>
public sealed class JournalTests(PostgresServer postgres) : IClassFixture<PostgresServer>, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly DatabaseFile _file = new();

    public void Dispose() => _file.Dispose();

    [Theory]
    [InlineData("SQLite")]
    [PostgresData]
    public async Task Events_come_back_in_order_and_numbers_go_on(string database)
    {
        await UseAsync(database, "ordered", async entity =>
        {
            await PersistAsync(entity, "1", "2", "3");
            await PersistAsync(entity, "4");
        });

        await UseAsync(database, "ordered", async entity =>
        {
            Assert.Equal(new Recovered(4, "1 2 3 4"), await RecoveredAsync(entity));
            Assert.Equal(5, await PersistAsync(entity, "5"));
        });
    }

    [Theory]
    [InlineData("SQLite")]
    [PostgresData]
    public async Task Events_of_another_entity_stay_apart(string database)
    {
        await UseAsync(database, "one", entity => PersistAsync(entity, "1", "2"));

        await UseAsync(database, "other", async entity => Assert.Equal(new Recovered(0, ""), await RecoveredAsync(entity)));
    }

    [Theory]
    [InlineData("SQLite")]
    [PostgresData]
    public async Task Deleted_events_stay_away_and_their_numbers_are_not_given_again(string database)
    {
        await UseAsync(database, "deleted", async entity =>
        {
            await PersistAsync(entity, "1", "2");
            await entity.Ask<DeleteMessagesSuccess>(new DeleteTo(2), Patience);
        });

        await UseAsync(database, "deleted", async entity =>
        {
            Assert.Equal(new Recovered(2, ""), await RecoveredAsync(entity));
            Assert.Equal(3, await PersistAsync(entity, "3"));
        });
    }

    [Theory]
    [InlineData("SQLite")]
    [PostgresData]
    public async Task Newest_snapshot_is_offered_with_the_events_after_it(string database)
    {
        await UseAsync(database, "snapshots", async entity =>
        {
            await PersistAsync(entity, "1");
            await entity.Ask<SaveSnapshotSuccess>(new Save("[1]"), Patience);
            await PersistAsync(entity, "2");
            var saved = await entity.Ask<SaveSnapshotSuccess>(new Save("[2]"), Patience);
            await entity.Ask<DeleteSnapshotsSuccess>(new DeleteSnapshotsTo(saved.Metadata.SequenceNr - 1), Patience);
            await PersistAsync(entity, "3");
        });

        await UseAsync(database, "snapshots", async entity => Assert.Equal(new Recovered(3, "[2] 3"), await RecoveredAsync(entity)));
    }

    /// <summary>
    /// As a campaign that moves to another node, and back: all that either wrote is there, and what the first could not write is not.
    /// </summary>
    [Theory]
    [InlineData("SQLite")]
    [PostgresData]
    public async Task Events_that_two_systems_wrote_in_turn_all_come_back(string database)
    {
        await UseAsync(database, "moved", async first =>
        {
            await PersistAsync(first, "1");
            await UseAsync(database, "moved", second => PersistAsync(second, "2"));
            Assert.IsType<AskTimeoutException>(await Record.ExceptionAsync(() => PersistAsync(first, TimeSpan.FromSeconds(2), "lost")));
            await AssertAnswersWithinAsync(TimeSpan.FromSeconds(20), () => RecoveredAsync(first, TimeSpan.FromSeconds(1)));
            await PersistAsync(first, "3");
        });

        await UseAsync(database, "moved", async entity => Assert.Equal(new Recovered(3, "1 2 3"), await RecoveredAsync(entity)));
    }

    [PostgresFact]
    public async Task Entity_goes_on_soon_after_its_server_was_killed_and_is_there_again()
    {
        await UseAsync("PostgreSQL", "killed", async entity =>
        {
            await PersistAsync(entity, "1");
            postgres.Kill();
            var lost = await Record.ExceptionAsync(() => PersistAsync(entity, TimeSpan.FromSeconds(3), "lost"));
            Assert.IsType<AskTimeoutException>(lost);
            postgres.Start();

            await AssertAnswersWithinAsync(TimeSpan.FromSeconds(20), () => RecoveredAsync(entity, TimeSpan.FromSeconds(1)));
            await PersistAsync(entity, "2");
        });

        await UseAsync("PostgreSQL", "killed", async entity => Assert.Equal("1 2", (await RecoveredAsync(entity)).Events));
    }

    [PostgresFact]
    public async Task ReadEvents_ofAServer_areThoseOfOneEntityInOrder()
    {
        await UseAsync("PostgreSQL", "read", entity => PersistAsync(entity, "1", "2"));
        await UseAsync("PostgreSQL", "unread", entity => PersistAsync(entity, "3"));

        var events = JournalSettings.ReadEvents(postgres.Start(), "read");

        Assert.Equal(
            [(1, "1"), (2, "2")],
            events.Select(stored => ((int)stored.SequenceNr, Encoding.UTF8.GetString(stored.Bytes).Trim('"'))));
        Assert.Empty(CampaignReader.ReadEvents(postgres.Start(), "nobody"));
    }

    private async Task UseAsync(string database, string id, Func<IActorRef, Task> use)
    {
        var settings = database == "PostgreSQL" ? JournalSettings.PostgreSql(postgres.Start()) : JournalSettings.Sqlite(_file.Path);
        if (database == "SQLite")
        {
            CampaignDatabase.Prepare(_file.Path);
        }
        var shipped = ConfigurationFactory.ParseString(File.ReadAllText(Path.Combine(CampaignConfiguration.ShippedDirectory, "akka.conf")));
        using var system = ActorSystem.Create(
            "journal",
            ConfigurationFactory
                .ParseString("akka.actor.provider = local, akka.loglevel = OFF")
                .WithFallback(settings)
                .WithFallback(shipped));
        try
        {
            // As sharding does it: an entity that ended begins again a little later.
            var again = Backoff.OnStop(
                Props.Create(() => new Entity(id)),
                id,
                TimeSpan.FromSeconds(0.2),
                TimeSpan.FromSeconds(1),
                0,
                maxNrOfRetries: -1);
            await use(system.ActorOf(BackoffSupervisor.Props(again)));
        }
        finally
        {
            await system.Terminate();
        }
    }

    private static Task<long> PersistAsync(IActorRef entity, params string[] events) => PersistAsync(entity, Patience, events);

    private static async Task<long> PersistAsync(IActorRef entity, TimeSpan patience, params string[] events) =>
        (await entity.Ask<Persisted>(new Persist(events), patience)).SequenceNr;

    private static Task<Recovered> RecoveredAsync(IActorRef entity, TimeSpan? patience = null) =>
        entity.Ask<Recovered>(new Recovered(0, ""), patience ?? Patience);

    private static async Task AssertAnswersWithinAsync(TimeSpan limit, Func<Task> ask)
    {
        for (var tries = limit.TotalSeconds; tries > 0; tries--)
        {
            if (await Record.ExceptionAsync(ask) is null)
            {
                return;
            }
        }
        Assert.Fail($"No answer within {limit}.");
    }

    private sealed record Persist(string[] Events);

    private sealed record Persisted(long SequenceNr);

    private sealed record Save(string Snapshot);

    private sealed record DeleteTo(long SequenceNr);

    private sealed record DeleteSnapshotsTo(long SequenceNr);

    /// <summary>Asked for with any, answered with what came back at the start and was persisted since.</summary>
    private sealed record Recovered(long SequenceNr, string Events);

    private sealed class Entity : ReceivePersistentActor
    {
        private readonly List<string> _events = [];

        public Entity(string id)
        {
            PersistenceId = id;
            IActorRef? asker = null;

            Recover<SnapshotOffer>(offer => _events.Add((string)offer.Snapshot));
            Recover<string>(_events.Add);
            Command<Recovered>(_ => Sender.Tell(new Recovered(LastSequenceNr, string.Join(' ', _events))));
            Command<Persist>(persist =>
            {
                var left = persist.Events.Length;
                PersistAll(persist.Events, @event =>
                {
                    _events.Add(@event);
                    if (--left == 0)
                    {
                        Sender.Tell(new Persisted(LastSequenceNr));
                    }
                });
            });
            Command<Save>(save =>
            {
                asker = Sender;
                SaveSnapshot(save.Snapshot);
            });
            Command<DeleteTo>(delete =>
            {
                asker = Sender;
                DeleteMessages(delete.SequenceNr);
            });
            Command<DeleteSnapshotsTo>(delete =>
            {
                asker = Sender;
                DeleteSnapshots(new SnapshotSelectionCriteria(delete.SequenceNr));
            });
            CommandAny(outcome => asker?.Tell(outcome));
        }

        public override string PersistenceId { get; }
    }
}

/// <summary>A row for PostgreSQL; skipped where no server is installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PostgresDataAttribute : DataAttribute
{
    public PostgresDataAttribute() => Skip = PostgresFactAttribute.WhySkipped!;

    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => [["PostgreSQL"]];
}

/// <summary>A test that needs a PostgreSQL server; skipped where none is installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PostgresFactAttribute : FactAttribute
{
    public PostgresFactAttribute() => Skip = WhySkipped!;

    public static string? WhySkipped { get; } =
        PostgresServer.Programs is null ? "PostgreSQL is not installed. To have it: apt-get install postgresql" : null;
}

using Akka.Actor;
using Akka.Persistence;

namespace IterativeDpo.Engines.Tests.Akka.Persistence;

/// <summary>Its state is the text of its events; it tells what it recovered from, and answers each event with its text.</summary>
internal sealed class Recorder : ReceivePersistentActor
{
    private readonly List<string> _history = [];
    private string _text = "";
    private IActorRef? _asker;

    public Recorder(string id, string? failOn)
    {
        PersistenceId = id;
        Recover<SnapshotOffer>(offer =>
        {
            _text = (string)offer.Snapshot;
            _history.Add($"offer {offer.Metadata.SequenceNr} {_text}");
        });
        Recover<string>(text =>
        {
            if (text == failOn) throw new FormatException("cannot be replayed");
            _text += text;
            _history.Add($"event {text}");
        });
        Recover<RecoveryCompleted>(_ => _history.Add($"completed {LastSequenceNr}"));
        Command<string>(text => text == "state", _ => Sender.Tell(_text));
        Command<string>(text => text == "history", _ => Sender.Tell(string.Join(", ", _history)));
        Command<string>(text => text == "close", _ => Persist("", _ =>
        {
            Sender.Tell("closed");
            Become(Closed);
        }));
        Command<string>(text => text == "snapshot", _ =>
        {
            _asker = Sender;
            SaveSnapshot(_text);
        });
        Command<SaveSnapshotSuccess>(saved => _asker!.Tell($"saved {saved.Metadata.SequenceNr}"));
        Command<DeleteTo>(delete =>
        {
            _asker = Sender;
            DeleteMessages(delete.SequenceNr);
        });
        Command<DeleteMessagesSuccess>(deleted => _asker!.Tell($"deleted {deleted.ToSequenceNr}"));
        Command<DeleteMessagesFailure>(failure => _asker!.Tell($"not deleted {failure.ToSequenceNr}: {failure.Cause.Message}"));
        Command<Add>(add => Persist(add.Text, Apply));
        Command<AddAll>(add => PersistAll(add.Texts, Apply));
        Command<AddTwice>(add => Persist(add.Text, text =>
        {
            Apply(text);
            Persist(text.ToUpperInvariant(), Apply);
        }));
        Command<AddAndFail>(add => Persist(add.Text, _ => throw new FormatException("cannot be applied")));
        Command<AddAsync>(add =>
        {
            PersistAsync(add.Text, Apply);
            DeferAsync("deferred", text => Sender.Tell(text));
        });
        CommandAsync<AddLater>(async add =>
        {
            await Task.Yield();
            Persist(add.Text, Apply);
        });
    }

    public override string PersistenceId { get; }

    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr) => Sender.Tell($"failed {@event}: {cause.Message}");

    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr) => Sender.Tell($"rejected {@event}: {cause.Message}");

    private void Closed()
    {
        Command<string>(text => text == "open", _ => Persist("", _ =>
        {
            Sender.Tell("opened");
            Become(Open);
            Stash.UnstashAll();
        }));
        CommandAny(_ => Stash.Stash());
    }

    private void Open() => Command<Add>(add => Persist(add.Text, Apply));

    private void Apply(string text)
    {
        _text += text;
        Sender.Tell(text);
    }

    internal sealed record Add(string Text);

    internal sealed record AddAll(params string[] Texts);

    internal sealed record AddTwice(string Text);

    internal sealed record AddAsync(string Text);

    internal sealed record AddLater(string Text);

    internal sealed record AddAndFail(string Text);

    internal sealed record DeleteTo(long SequenceNr);
}

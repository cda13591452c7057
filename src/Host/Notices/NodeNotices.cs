using IterativeDpo.Actors.Nodes;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Settings;
using IterativeDpo.Campaigns.Configuration;

namespace IterativeDpo.Host.Notices;

/// <summary>Tells whom a node's file of notices names which nodes of the cluster are lost.</summary>
internal sealed class NodeNotices : IAsyncDisposable
{
    private readonly TimeProvider _time;
    private readonly NoticeDelivery _delivery;

    /// <param name="note">Told what could not be delivered.</param>
    /// <exception cref="UserInputException">There is no key in the variable that is named.</exception>
    public NodeNotices(NoticeOptions options, Action<string> note, TimeProvider time) =>
        (_time, _delivery) = (time, new(options, note, time));

    /// <param name="path">A campaign file, or one with its section <c>notices</c> alone.</param>
    /// <exception cref="UserInputException">It cannot be read, names nobody, or asks for no notices of nodes.</exception>
    public static NoticeOptions Load(string path)
    {
        var options = CampaignConfiguration.LoadNotices(path);
        return options.On.Contains(NoticeKind.NodeLost) ? options : throw new UserInputException(
            $"{path}: campaign.notices.on leaves out node-lost, which is all that a node tells of; add it there, or leave out --notices.");
    }

    /// <summary>Its id is the same whichever node tells it.</summary>
    public void Tell(LostNode lost)
    {
        var node = lost.Last;
        var inHand = node.InHand.IsEmpty ? "" : $"; in its hand was {string.Join(", ", node.InHand)}, which others do";
        _delivery.Add(new Notice(
            $"{node.Name}/{Words.Kebab(NoticeKind.NodeLost)}/{node.StartedAt.ToUnixTimeMilliseconds()}",
            NoticeKind.NodeLost,
            Campaign: null,
            _time.GetUtcNow(),
            $"node {node.Name} ({string.Join(", ", node.Roles)}) is lost: it was not heard of any more, and did not leave"
                + (lost.IsReplaced ? "; it was started again meanwhile" : "")
                + inHand,
            Round: null,
            Rounds: null,
            HeldoutAccuracy: null,
            node.Name));
    }

    public Task FinishAsync(TimeSpan patience) => _delivery.FinishAsync(patience);

    public ValueTask DisposeAsync() => _delivery.DisposeAsync();
}

using System.Text.Json;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Host.Commands;

namespace IterativeDpo.Host.Notices;

/// <summary>Word of what happened to a campaign or a cluster. Its names as JSON are part of the contract.</summary>
/// <param name="Id">The same for every try to deliver it.</param>
/// <param name="Campaign">Null where it is of a node.</param>
/// <param name="Text">What happened, for people.</param>
/// <param name="Round">The round that it is of; null is none.</param>
/// <param name="Rounds">That the campaign has in all; null where it is of a node.</param>
/// <param name="HeldoutAccuracy">After that round, or after all; null where nothing was evaluated.</param>
/// <param name="Node">The name of the node that it is of; null where it is of a campaign.</param>
internal sealed record Notice(
    string Id,
    NoticeKind Kind,
    string? Campaign,
    DateTimeOffset At,
    string Text,
    int? Round,
    int? Rounds,
    double? HeldoutAccuracy,
    string? Node = null)
{
    /// <summary>One line, so that a program can append it to a file.</summary>
    private static readonly JsonSerializerOptions s_json = new(CommonOptions.JsonOptions) { WriteIndented = false };

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, s_json);
}

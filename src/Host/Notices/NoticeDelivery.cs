using System.Text;
using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns.Configuration;

namespace IterativeDpo.Host.Notices;

/// <summary>The ways out that the settings name, with a queue for each.</summary>
internal sealed class NoticeDelivery : IAsyncDisposable
{
    private readonly Action<string> _note;
    private readonly Webhook? _webhook;
    private readonly NoticeQueue[] _queues;

    /// <param name="note">Told what could not be delivered.</param>
    /// <exception cref="UserInputException">There is no key in the variable that is named.</exception>
    public NoticeDelivery(NoticeOptions options, Action<string> note, TimeProvider time)
    {
        _note = note;
        _webhook = options.Webhook is null ? null : new(options, KeyOf(options), time);
        _queues =
        [
            .. _webhook is null ? [] : new[] { new NoticeQueue(_webhook.DeliverAsync, note) },
            .. options.Command.Count == 0 ? [] : new[] { new NoticeQueue(new NoticeProgram(options).DeliverAsync, note) },
        ];
    }

    public void Add(Notice notice)
    {
        foreach (var queue in _queues)
        {
            queue.Add(notice);
        }
    }

    /// <summary>Has everything delivered, for as long as there is patience.</summary>
    public async Task FinishAsync(TimeSpan patience)
    {
        var left = await Task.WhenAll(_queues.Select(queue => queue.FinishAsync(patience)));
        if (left.Sum() is > 0 and var many)
        {
            _note($"warning: {many} {(many == 1 ? "notice was" : "notices were")} not delivered before the run ended");
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var queue in _queues)
        {
            await queue.DisposeAsync();
        }
        _webhook?.Dispose();
    }

    private static byte[]? KeyOf(NoticeOptions options) => options.KeyVariable.Length == 0 ? null
        : Environment.GetEnvironmentVariable(options.KeyVariable) is { Length: > 0 } key ? Encoding.UTF8.GetBytes(key)
        : throw new UserInputException(
            $"campaign.notices.key-variable: the environment variable {options.KeyVariable} is not set; put the key there, or leave the setting out.");
}

using Akka.Actor;
using IterativeDpo.Actors.Protocol;
using IterativeDpo.Campaigns;

namespace IterativeDpo.Actors;

/// <summary>Takes an operator's commands to the campaign that runs in this process, while it does. Safe to use from any thread.</summary>
public sealed class CampaignControl
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private volatile Func<CampaignCommand, CancellationToken, Task<ICampaignMessage>>? _ask;

    /// <returns>Null where it is journalled, or there was nothing to do; else why it was refused.</returns>
    public async Task<string?> GiveAsync(CampaignCommand command, CancellationToken cancellationToken)
    {
        if (_ask is not { } ask)
        {
            return "the campaign does not run in this process now";
        }
        try
        {
            return await ask(command, cancellationToken) is CampaignFailed refused ? refused.Reason : null;
        }
        catch (AskTimeoutException)
        {
            return $"the campaign does not answer for {s_patience.TotalSeconds:0} s; see whether it was done before you try again";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return "the campaign ended before it answered; its log says whether it was done";
        }
    }

    /// <returns>Ends it: who waits for an answer then gets none.</returns>
    internal IDisposable Connect(CampaignLink link, string campaign)
    {
        var connection = new Connection(this);
        var ended = connection.Ended;
        _ask = async (command, token) =>
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(token, ended);
            return await link.AskAsync(campaign, command, s_patience, either.Token);
        };
        return connection;
    }

    private sealed class Connection(CampaignControl control) : IDisposable
    {
        private readonly CancellationTokenSource _end = new();

        public CancellationToken Ended => _end.Token;

        public void Dispose()
        {
            control._ask = null;
            _end.Cancel();
            _end.Dispose();
        }
    }
}

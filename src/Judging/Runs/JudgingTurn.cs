namespace IterativeDpo.Judging.Runs;

/// <summary>
/// A prompt's place among those that are judged at once, and its time. Whoever waits for people leaves it, however deep among other judges
/// it is asked: others are judged meanwhile, and no time-out counts any more.
/// </summary>
internal static class JudgingTurn
{
    private static readonly AsyncLocal<CancellationTokenSource?> s_turn = new();

    /// <summary>Cancelled when the turn of this prompt is left.</summary>
    public static CancellationToken Left => s_turn.Value?.Token ?? CancellationToken.None;

    /// <summary>Begins a turn for what the caller calls; it is left at the latest when the caller cancels it.</summary>
    public static CancellationTokenSource Begin() => s_turn.Value = new();

    public static void Leave() => s_turn.Value?.Cancel();
}

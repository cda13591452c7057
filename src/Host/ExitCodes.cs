namespace IterativeDpo.Host;

/// <summary>What the process answers its caller.</summary>
public static class ExitCodes
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int BadInput = 2;

    /// <summary>128 + SIGINT: stopped by the user, state saved.</summary>
    public const int Interrupted = 130;
}

using IterativeDpo.Generation;

namespace IterativeDpo.Actors;

/// <summary>The prompts of a campaign. The same call always gives the same prompts, also in another process.</summary>
public interface IPromptSource
{
    /// <summary>The prompts that every checkpoint is evaluated on.</summary>
    IReadOnlyList<Prompt> HeldOut { get; }

    /// <summary>The training prompts of a round, from 1.</summary>
    IReadOnlyList<Prompt> OfRound(int round);
}

namespace IterativeDpo.Artifacts.Models;

/// <summary>What sets one block's attention apart from another's.</summary>
/// <param name="RopeBase">θ of the rotary embedding; 0: nothing rotates.</param>
/// <param name="Scaled">Whether positions are stretched and divided as the model says.</param>
/// <param name="Window">Tokens that a token sees, itself the last; 0: all before it.</param>
public readonly record struct BlockAttention(float RopeBase, bool Scaled, int Window);

/// <summary>Blocks in which a token sees only some tokens before it: all but each so-and-so-manieth.</summary>
/// <param name="Tokens">How many it sees, itself among them.</param>
/// <param name="Every">n: in the last of n blocks a token sees all before it.</param>
/// <param name="RopeBase">θ of the rotary embedding there.</param>
public sealed record SlidingWindow(int Tokens, int Every, float RopeBase)
{
    public bool Slides(int layer) => layer % Every < Every - 1;
}

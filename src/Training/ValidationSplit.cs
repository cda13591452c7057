using IterativeDpo.Artifacts;
using IterativeDpo.Generation;

namespace IterativeDpo.Training;

/// <summary>
/// Holds a share of the prompts back from training. A prompt's side follows from its token ids and the seed, whatever the other prompts
/// are, so that it stays the same from round to round and no prompt is on both sides; only a set too small for the share has one moved
/// over, so that neither side is empty.
/// </summary>
public static class ValidationSplit
{
    /// <param name="share">Of the prompts, between 0 and 1.</param>
    /// <returns>The examples of both sides by their indexes, in order.</returns>
    /// <exception cref="UserInputException">There is only one prompt.</exception>
    public static (int[] Training, int[] Validation) Of(IReadOnlyList<ITrainingExample> examples, double share, ulong seed)
    {
        var hashes = examples.Select(example => Hash(example.PromptIds, seed)).ToArray();
        var prompts = hashes.Distinct().Order().ToArray();
        if (prompts.Length < 2)
        {
            throw new UserInputException(
                "A validation share needs two prompts or more, and the examples have one. Give more data, or set validation-share = 0.");
        }
        var held = Math.Clamp(prompts.Count(hash => hash < share * ulong.MaxValue), 1, prompts.Length - 1);
        var limit = prompts[held];
        var all = Enumerable.Range(0, hashes.Length);
        return ([.. all.Where(i => hashes[i] >= limit)], [.. all.Where(i => hashes[i] < limit)]);
    }

    private static ulong Hash(int[] promptIds, ulong seed) =>
        promptIds.Aggregate(SampleSeed.Mix(seed ^ (ulong)promptIds.Length), (hash, id) => SampleSeed.Mix(hash ^ (uint)id));
}

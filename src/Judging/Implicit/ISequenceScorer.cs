using IterativeDpo.Artifacts;
using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Implicit;

/// <summary>Log-probs of recorded samples under a base model with an adapter on it or none. One call at a time.</summary>
public interface ISequenceScorer : IDisposable
{
    /// <summary>Makes sure that the base and these adapters can be used, without loading the weights.</summary>
    /// <exception cref="UserInputException">One is missing, damaged, or made for another base.</exception>
    void Check(IEnumerable<string> adapterPaths);

    /// <summary>Loads the base, if it is not loaded yet; so does the first score.</summary>
    /// <exception cref="UserInputException">As for <see cref="Check"/>.</exception>
    void Load();

    /// <summary>Natural-log probability of each sample's token ids after its prompt's, summed over the tokens: [prompt][sample].</summary>
    /// <param name="adapterPath">The adapter on the base; null is the base itself.</param>
    /// <exception cref="UserInputException">As for <see cref="Check"/>; or ids are not of this model.</exception>
    IReadOnlyList<double[]> LogProbs(IReadOnlyList<PromptSamples> prompts, string? adapterPath, CancellationToken cancellationToken);
}

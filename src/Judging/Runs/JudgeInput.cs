using IterativeDpo.Artifacts;
using IterativeDpo.Generation;
using IterativeDpo.Judging.Verifier;

namespace IterativeDpo.Judging.Runs;

/// <summary>Looks through a file to be judged before a judge is paid for it.</summary>
/// <param name="PromptIds">Of the prompts in it.</param>
/// <param name="HasLabels">Whether the data itself says what is right.</param>
/// <param name="HasModels">Whether samples say who generated them.</param>
public sealed record JudgeInput(IReadOnlySet<string> PromptIds, bool HasLabels, bool HasModels)
{
    /// <param name="path">Names the file in errors.</param>
    /// <param name="labels">Labels, which must be of these prompts and as many as they have samples.</param>
    /// <param name="labelPath">Names the labels in errors.</param>
    /// <exception cref="UserInputException">A line that cannot be judged, an id twice, or labels of something else.</exception>
    public static JudgeInput Check(
        IEnumerable<LabelledSamples> prompts,
        string path,
        IReadOnlyDictionary<string, Verdict> labels,
        string? labelPath)
    {
        var ids = new HashSet<string>();
        var (hasLabels, hasModels) = (false, false);
        foreach (var (samples, label) in prompts)
        {
            if (!ids.Add(samples.Prompt.Id))
            {
                throw new UserInputException(
                    $"{path}: two prompts have the id '{samples.Prompt.Id}'. Give each its own id, or leave the ids out.");
            }
            if (labels.TryGetValue(samples.Prompt.Id, out var known)
                && known.Judgements.Count > 0
                && known.Judgements.Count != samples.Samples.Count)
            {
                throw new UserInputException(
                    $"{labelPath}: labels {known.Judgements.Count} samples of prompt '{samples.Prompt.Id}', and {path} has {samples.Samples.Count}. Give a score for each, in their order.");
            }
            try
            {
                VerifierJudge.Refuse(samples.Prompt);
            }
            catch (PromptException e)
            {
                throw new UserInputException($"{path}: {e.Message}", e);
            }
            hasLabels |= label is not null;
            hasModels |= samples.Samples.Any(sample => sample.Model is not null);
        }
        if (labels.Keys.FirstOrDefault(id => !ids.Contains(id)) is { } strange)
        {
            throw new UserInputException(
                $"{labelPath}: labels the prompt '{strange}', which {path} has not. Use the ids of that file (without one, a row is row-LINE).");
        }
        return new(ids, hasLabels, hasModels);
    }

    /// <param name="judged">Prompts that have verdicts already.</param>
    /// <param name="outputPath">Names the verdicts in errors.</param>
    /// <exception cref="UserInputException">One is of a prompt that is not there.</exception>
    public void RefuseOthers(IEnumerable<string> judged, string outputPath)
    {
        if (judged.FirstOrDefault(id => !PromptIds.Contains(id)) is { } other)
        {
            throw new UserInputException(
                $"{outputPath}: has a verdict on the prompt '{other}', which the file to judge has not. Choose another --out, or begin again with --force.");
        }
    }
}

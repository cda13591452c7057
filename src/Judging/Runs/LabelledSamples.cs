using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Runs;

/// <summary>A prompt's samples to be judged.</summary>
/// <param name="Label">What is right, where the data says so.</param>
public sealed record LabelledSamples(PromptSamples Samples, Verdict? Label);

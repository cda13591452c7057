using System.Globalization;
using IterativeDpo.Training.Torch.Losses;

namespace IterativeDpo.Training;

/// <summary>What a user should know of a training that would do less than its settings say.</summary>
public static class TrainingWarnings
{
    /// <param name="training">The examples that are trained on.</param>
    /// <param name="steps">Optimiser steps in all.</param>
    public static IEnumerable<string> Of(TrainingOptions options, IReadOnlyList<ITrainingExample> training, int steps)
    {
        var warmup = LearningRate.WarmupOf(options, steps);
        if (LearningRate.IsTooLong(options, steps))
        {
            yield return $"training.warmup-steps = {options.WarmupSteps} are more than a quarter of the {Count(steps, "step")} there are, so the learning rate rises over {warmup} in their place; "
                + "training.warmup-ratio says how many otherwise";
        }
        else if (warmup >= steps && steps > 1)
        {
            yield return $"training.warmup-ratio = {options.WarmupRatio.ToString(CultureInfo.InvariantCulture)} makes the learning rate rise up to the last of the {steps} steps";
        }
        if (training.All(example => example is LabelledCompletion) && training.Select(example => example.Label).Distinct().Count() == 1)
        {
            yield return $"all {training.Count} completions are labelled {(training[0].Label == 1 ? "true" : "false")}: a loss on labels learns from those of both kinds. Add {(training[0].Label == 1 ? "undesirable" : "desirable")} ones";
        }
        if (new Objective(options.Loss).LearnsTies && training.All(example => example.Label != 0.5))
        {
            yield return $"{options.Loss.Losses[0].Name} learns from ties too, and none of the {Count(training.Count, "pair")} is one: a campaign keeps some with pairs.ties-per-prompt, and a row of data is one by \"chosen_probability\": 0.5";
        }
    }

    private static string Count(int number, string what) => $"{number} {what}{(number == 1 ? "" : "s")}";
}

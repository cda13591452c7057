using IterativeDpo.Artifacts.Models;
using IterativeDpo.Generation;
using IterativeDpo.Generation.Tasks;

namespace IterativeDpo.Training.Seed;

/// <summary>
/// The seed policy's training data: each step's batch is drawn from the seed and the step alone. Held-out questions never come up.
/// </summary>
public static class SeedBatches
{
    private const string CopyAlphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 \"[]{}:,.";

    // Sums are the hardest to learn, so they come up twice as often.
    private static readonly TaskFamily[] Closed = [.. TaskTable.All, TaskTable.Get("add"), TaskTable.Get("sub")];

    /// <summary>One question and one answer to each group.</summary>
    public static IReadOnlyList<PackedGroup> Draw(SeedOptions options, int step)
    {
        var random = new SplitMix64(SampleSeed.Derive(options.Seed, step, "seed-batch", 0));
        return [.. Enumerable.Range(0, options.BatchExamples).Select(_ => Example(options, step, random))];
    }

    private static PackedGroup Example(SeedOptions options, int step, SplitMix64 random)
    {
        var copying = options.CopyShare * (1 - (double)step / options.CopySteps);
        if (random.NextDouble() < copying)
        {
            var text = string.Concat(
                Enumerable.Range(0, random.Between(1, 8)).Select(_ => CopyAlphabet[random.Below(CopyAlphabet.Length)]));
            return Encode($"Say {text}", text);
        }
        var problem = TaskGenerator.Draw(random, random.Pick(options.OpenTasks ? TaskTable.Open : Closed), Split.Train);
        return Encode(problem.Question, step < options.CleanSteps ? problem.Answer : Noisy(options, problem, random));
    }

    private static string Noisy(SeedOptions options, TaskProblem problem, SplitMix64 random)
    {
        var draw = random.NextDouble();
        if (draw < options.SloppyShare)
        {
            return problem.Sloppy;
        }
        return draw < options.SloppyShare + options.ChattyShare ? NoisyAnswers.Chatty(random, problem) : problem.Answer;
    }

    private static PackedGroup Encode(string question, string answer) =>
        new(ByteVocabulary.EncodeQuestion(question), [[.. ByteVocabulary.Encode(answer), ByteVocabulary.End]]);
}

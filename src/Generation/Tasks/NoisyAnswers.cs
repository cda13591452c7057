namespace IterativeDpo.Generation.Tasks;

/// <summary>Answers as an imperfect assistant writes them: what the seed policy is left with to unlearn.</summary>
public static class NoisyAnswers
{
    /// <summary>The right answer wrapped in talk, which the rule does not accept.</summary>
    public static string Chatty(SplitMix64 random, TaskProblem problem) =>
        random.Pick([$"Sure! {problem.Answer}", $"The answer is {problem.Answer}."]);
}

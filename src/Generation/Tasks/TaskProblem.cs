namespace IterativeDpo.Generation.Tasks;

/// <summary>One question of a task, with what a rule accepts and what a careless writer would put down.</summary>
/// <param name="Content">What is asked, without the phrasing: decides the <see cref="Split"/>.</param>
/// <param name="Question">The content in one of the task's two phrasings.</param>
/// <param name="Answer">The right answer, or one of many.</param>
/// <param name="Sloppy">A near miss, never right: off by one, in the wrong order or case, badly quoted.</param>
/// <param name="Rule">The value of the check that holds for every right answer; null: there is one, <paramref name="Answer"/>.</param>
public sealed record TaskProblem(string Content, string Question, string Answer, string Sloppy, string? Rule = null);

/// <summary>A family of questions whose answers a rule can check.</summary>
/// <param name="Name">Names the task in prompts and reports.</param>
/// <param name="CheckKind">The kind of <see cref="AnswerCheck"/> that holds for the answer.</param>
/// <param name="Draw">Draws one question; everything random in it comes from the stream.</param>
public sealed record TaskFamily(string Name, string CheckKind, Func<SplitMix64, TaskProblem> Draw);

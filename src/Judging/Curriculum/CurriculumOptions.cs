namespace IterativeDpo.Judging.Curriculum;

/// <summary>Which prompts a curriculum takes first.</summary>
/// <param name="Low">The least solve rate of a learnable prompt, 0 to 1.</param>
/// <param name="High">The greatest.</param>
/// <param name="RestRounds">Rounds after which a prompt that was set aside counts as new again; 0: it does not.</param>
/// <param name="PoolRounds">Generated prompts to choose among, in rounds' worth; a file is chosen from as a whole.</param>
public sealed record CurriculumOptions(double Low, double High, int RestRounds, int PoolRounds);

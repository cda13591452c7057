namespace IterativeDpo.Actors.Configuration;

/// <summary>Who judges, and how long and how often a judge is tried on one prompt.</summary>
/// <param name="Judge">The judge's name; <c>verifier</c> runs each prompt's own checks.</param>
/// <param name="Timeout">Most time for the samples of one prompt.</param>
/// <param name="Retries">Further tries after a failure; then the prompt is dropped and counted.</param>
public sealed record JudgingOptions(string Judge, TimeSpan Timeout, int Retries);

namespace IterativeDpo.Host.TrainingRuns;

/// <summary>What <c>dpo train --json</c> prints; the names are part of the contract.</summary>
/// <param name="Losses">The losses with their weights, e.g. <c>sigmoid + 0.2 sft</c>.</param>
/// <param name="Output">The adapter or model that was written.</param>
/// <param name="Rows">Rows of the data files.</param>
/// <param name="Rejected">How many of them were not used, by reason; rejected.jsonl lists them.</param>
/// <param name="Examples">Examples that were trained on.</param>
/// <param name="Metrics">Means over the run, by TRL's names.</param>
internal sealed record TrainingOutcome(
    string Model,
    IReadOnlyList<string> Data,
    string Losses,
    string Output,
    string Sha256,
    int Rows,
    IReadOnlyDictionary<string, int> Rejected,
    int Examples,
    int Steps,
    double Seconds,
    IReadOnlyDictionary<string, double> Metrics);

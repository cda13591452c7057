namespace IterativeDpo.Campaigns.Configuration;

/// <summary>The three choices of iterative DPO on which published recipes disagree.</summary>
/// <param name="Initialisation">The adapter a round's training starts from; the base is a fresh one.</param>
/// <param name="Reference">The frozen policy in the loss.</param>
/// <param name="Data">The pairs a round trains on.</param>
/// <param name="ReferenceEmaDecay">What the average of the adapters keeps of itself from round to round; 0 unless it is the reference.</param>
/// <param name="ReplayShare">Share of a round's pairs that is drawn from earlier ones; 0 unless the data is a replay.</param>
public sealed record PolicyOptions(
    PolicyOrigin Initialisation, ReferenceOrigin Reference, PairData Data, double ReferenceEmaDecay = 0, double ReplayShare = 0);

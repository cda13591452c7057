using IterativeDpo.Actors.Campaigns;

namespace IterativeDpo.Actors.Configuration;

/// <summary>The three choices of iterative DPO on which published recipes disagree.</summary>
/// <param name="Initialisation">The adapter a round's training starts from; the base is a fresh one.</param>
/// <param name="Reference">The frozen policy in the loss.</param>
/// <param name="Data">The pairs a round trains on.</param>
public sealed record PolicyOptions(PolicyOrigin Initialisation, PolicyOrigin Reference, PairData Data);

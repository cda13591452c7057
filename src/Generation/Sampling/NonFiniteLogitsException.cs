namespace IterativeDpo.Generation.Sampling;

/// <summary>A model gave logits that are not numbers: its weights or its adapter are broken.</summary>
public sealed class NonFiniteLogitsException() : Exception("the model's logits are not finite: its weights or its adapter are broken");

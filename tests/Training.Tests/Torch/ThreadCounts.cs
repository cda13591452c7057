namespace IterativeDpo.Training.Tests.Torch;

/// <summary>
/// Tests that set how many threads LibTorch computes on, which is the process's, and changes bits: one after the other, with no other test
/// beside them.
/// </summary>
[CollectionDefinition(nameof(ThreadCounts), DisableParallelization = true)]
public sealed class ThreadCounts;

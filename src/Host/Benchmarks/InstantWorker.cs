using System.Collections.Immutable;
using IterativeDpo.Actors.Workers;
using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns;
using IterativeDpo.Judging;
using IterativeDpo.Judging.Quality;

namespace IterativeDpo.Host.Benchmarks;

/// <summary>Does work of every role in no time and leaves nothing behind but results of the usual size.</summary>
internal sealed class InstantWorker : IWorker
{
    private static readonly string[] s_tasks =
    [
        "add",
        "sub",
        "multiply",
        "count",
        "reverse",
        "uppercase",
        "sort",
        "compare",
        "parity",
        "first-word",
        "last-word",
        "repeat",
    ];
    private static readonly string[] s_metrics =
        [
            "loss",
            "grad_norm",
            "learning_rate",
            "rewards/chosen",
            "rewards/rejected",
            "rewards/margins",
            "rewards/accuracies",
            "logps/chosen",
            "logps/rejected",
            "logits/chosen",
            "logits/rejected",
            "entropy",
        ];

    /// <summary>Of verdicts that took from 1 ms to 50 ms.</summary>
    private static readonly Latency s_latency = Latency.Of(Enumerable.Range(1, 32).Select(i => 0.0015 * i));

    public Task<WorkResult> DoAsync(WorkOrder order, Action<ICampaignMessage> report, CancellationToken cancellationToken) =>
        Task.FromResult<WorkResult>(
            order switch
            {
                SampleOrder o => new SampleResult(o.Id, NewDigest(), o.Prompts, o.Prompts * 8, o.Prompts * 8 * 61, 0.4375123, 12.345678),
                JudgeOrder o => new JudgeResult(
                    o.Id,
                    NewDigest(),
                    3,
                    0,
                    o.Id.Stage == Stage.Grade ? Scores() : ImmutableSortedDictionary<string, TaskScore>.Empty,
                    0.345678,
                    new JudgeUsage(Calls: 256, InputTokens: 65432, OutputTokens: 4321),
                    s_latency),
                PairOrder o => new PairResult(o.Id, NewDigest(), o.Units.Length * 24, 117, 9, 0.0456789, new()),
                TrainOrder o => new TrainResult(
                    o.Id,
                    NewDigest(),
                    NewDigest(),
                    96,
                    s_metrics.ToImmutableSortedDictionary(name => name, name => 0.1234567890123 * name.Length),
                    123.45678),
                PublishOrder o => new PublishResult(o.Id, o.Adapter, 0.0123456, NewDigest()),
                _ => throw new InvalidOperationException($"A {order.GetType().Name} is no order that is known here."),
            });

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    internal static Digest NewDigest() => Digest.Of(Guid.NewGuid().ToByteArray());

    private static ImmutableSortedDictionary<string, TaskScore> Scores() =>
        s_tasks.ToImmutableSortedDictionary(task => task, task => new TaskScore(task.Length, 21));
}

using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Generation.Llama;
using IterativeDpo.Judging;
using IterativeDpo.Judging.Cascades;
using IterativeDpo.Judging.Command;
using IterativeDpo.Judging.Ensembles;
using IterativeDpo.Judging.Http;
using IterativeDpo.Judging.Implicit;
using IterativeDpo.Judging.Llm;
using IterativeDpo.Judging.Reward;
using IterativeDpo.Judging.Verifier;
using IterativeDpo.Training.Torch;

namespace IterativeDpo.Host.Judges;

/// <summary>
/// Makes the judges that a campaign names, with the real engines behind them. Judges of equal settings share a loaded model, which outlives
/// them, and those of one name what they may use of a service.
/// </summary>
/// <param name="workPath">The directory of what judges keep: a service's answers, what a program wrote to its standard error. Null keeps nothing.</param>
/// <param name="note">Told what the user should know; called from any thread.</param>
internal sealed class JudgeFactory(CampaignOptions options, string? workPath, Action<string> note, TimeProvider time) : IAsyncDisposable
{
    private readonly Dictionary<object, IAsyncDisposable> _shared = [];
    private readonly Lazy<string> _work = new(() => workPath ?? Directory.CreateTempSubdirectory("dpo-judges-").FullName);
    private bool _isClosed;

    /// <exception cref="ObjectDisposedException">It is closed, and the judge needs what would then be loaded and never unloaded.</exception>
    /// <exception cref="KeyNotFoundException">No judge has this name.</exception>
    public IJudge Create(string name) => options.Judging.Find(name) switch
    {
        VerifierOptions verifier => new VerifierJudge(verifier.Checks, name),
        ImplicitRewardOptions implicitReward => new ImplicitRewardJudge(
            implicitReward, Shared(options.ModelPath, () => new SequenceScorerQueue(new TorchSequenceScorer(options.ModelPath, options.Training)))),
        LlmJudgeOptions llm => new LlmJudge(name, ModelOf(llm), llm.Mode, options.Seed),
        RewardModelOptions reward => new RewardModelJudge(reward, Shared(
            (reward.ModelPath, reward.HeadPath, reward.ContextTokens, reward.BatchTokens),
            () => new RewardModelQueue(
                new LlamaRewardModel(reward.ModelPath, reward.HeadPath, reward.ContextTokens, reward.BatchTokens, options.Threads)))),
        EnsembleOptions ensemble => new EnsembleJudge(ensemble, [.. ensemble.Members.Select(Create)]),
        CascadeOptions cascade => new CascadeJudge(cascade, [.. cascade.Steps.Select(Create)]),
        HttpJudgeOptions http => new LlmJudge(name, new OpenAiModel(http.Service, ServiceOf(http)), http.Mode, options.Seed),
        CommandOptions command => new CommandJudge(SettingOf(name), command, Path.Combine(_work.Value, $"judge-{name}.stderr.log"), time),
        var unknown => throw new InvalidOperationException($"{unknown} is a judge of no known type."),
    };

    public async ValueTask DisposeAsync()
    {
        IAsyncDisposable[] shared;
        lock (_shared)
        {
            _isClosed = true;
            shared = [.. _shared.Values];
        }
        foreach (var one in shared)
        {
            await one.DisposeAsync();
        }
        if (workPath is null && _work.IsValueCreated)
        {
            Directory.Delete(_work.Value, recursive: true);
        }
    }

    private static string SettingOf(string judge) => $"campaign.judging.judges.{judge}";

    private LlamaJudgeModel ModelOf(LlmJudgeOptions llm)
    {
        var path = llm.ModelPath ?? options.ModelPath;
        var settings = new LlamaOptions(path, llm.ContextTokens, llm.Sequences, options.Threads, llm.BatchTokens);
        return new LlamaJudgeModel(path, llm.ModelPath is null, Shared(settings, () => new LlamaQueue(settings)));
    }

    private TShared Shared<TShared>(object settings, Func<TShared> create)
        where TShared : IAsyncDisposable
    {
        lock (_shared)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            if (!_shared.TryGetValue(settings, out var one))
            {
                _shared[settings] = one = create();
            }
            return (TShared)one;
        }
    }

    private ChatService ServiceOf(HttpJudgeOptions judge) => Shared(("service", judge.Name), () =>
        new ChatService(SettingOf(judge.Name), judge.Service, Path.Combine(_work.Value, $"judge-{judge.Name}.jsonl"), note, time));
}

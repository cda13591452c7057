using IterativeDpo.Actors.Configuration;
using IterativeDpo.Generation.Llama;
using IterativeDpo.Judging;
using IterativeDpo.Judging.Cascades;
using IterativeDpo.Judging.Ensembles;
using IterativeDpo.Judging.Implicit;
using IterativeDpo.Judging.Llm;
using IterativeDpo.Judging.Reward;
using IterativeDpo.Judging.Verifier;
using IterativeDpo.Training.Torch;

namespace IterativeDpo.Host.Judges;

/// <summary>Makes the judges that a campaign names, with the real engines behind them. Judges of equal settings share a loaded model, which outlives them.</summary>
internal sealed class JudgeFactory(CampaignOptions options) : IAsyncDisposable
{
    private readonly Dictionary<object, IAsyncDisposable> _models = [];

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
        var unknown => throw new InvalidOperationException($"{unknown} is a judge of no known type."),
    };

    public async ValueTask DisposeAsync()
    {
        foreach (var model in _models.Values)
        {
            await model.DisposeAsync();
        }
    }

    private LlamaJudgeModel ModelOf(LlmJudgeOptions llm)
    {
        var path = llm.ModelPath ?? options.ModelPath;
        var settings = new LlamaOptions(path, llm.ContextTokens, llm.Sequences, options.Threads, llm.BatchTokens);
        return new LlamaJudgeModel(path, llm.ModelPath is null, Shared(settings, () => new LlamaQueue(settings)));
    }

    private TQueue Shared<TQueue>(object settings, Func<TQueue> create)
        where TQueue : IAsyncDisposable
    {
        lock (_models)
        {
            if (!_models.TryGetValue(settings, out var model))
            {
                _models[settings] = model = create();
            }
            return (TQueue)model;
        }
    }
}

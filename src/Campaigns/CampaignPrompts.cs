using IterativeDpo.Artifacts;
using IterativeDpo.Campaigns.Configuration;
using IterativeDpo.Generation;
using IterativeDpo.Generation.Tasks;
using IterativeDpo.Judging.Curriculum;

namespace IterativeDpo.Campaigns;

/// <summary>
/// The prompts of a campaign: the same ones for the same arguments, in every process. Training and held-out prompts never overlap;
/// the held-out ones do not depend on the seed, so that campaigns can be compared.
/// </summary>
public sealed class CampaignPrompts
{
    private const ulong HeldOutSeed = 0;

    private readonly ulong _seed;
    private readonly PromptOptions _options;
    private readonly IReadOnlyList<Prompt> _file;
    private readonly IReadOnlyList<Prompt> _pool;
    private (int Round, string? Statistics, IReadOnlyList<Prompt> Prompts) _last = (0, null, []);

    /// <exception cref="UserInputException">The prompt file cannot be used, or has too few prompts.</exception>
    public CampaignPrompts(PromptOptions options, int heldOutPerTask, ulong seed)
    {
        _options = options;
        _seed = seed;
        _file = options.File is { } path ? [.. PromptFile.Read(path, Split.Train)] : [];
        if (options.File is not null && _file.Count < options.PerRound)
        {
            throw new UserInputException(
                $"{options.File}: has {_file.Count} prompts to train on (1 in {PromptSplit.HeldOutOneIn} is held out), and a round takes "
                + $"{options.PerRound}; add prompts, or lower campaign.prompts.per-round.");
        }
        _pool = options switch
        {
            { Curriculum: null } or { File: not null } => _file,
            _ => Generate(0, options.PerRound * options.Curriculum.PoolRounds),
        };
        HeldOut = options.File is { } file
            ? [.. PromptFile.Read(file, Split.HeldOut).GroupBy(prompt => prompt.Task).SelectMany(task => task.Take(heldOutPerTask))]
            : TaskGenerator.Prompts(HeldOutSeed, options.Tasks, heldOutPerTask * options.Tasks.Count, Split.HeldOut);
    }

    /// <summary>Every prompt of the prompt file that can be asked; none where prompts are generated.</summary>
    public IEnumerable<Prompt> FromFile => _options.File is null ? [] : HeldOut.Concat(_file);

    /// <summary>The prompts that every checkpoint is evaluated on.</summary>
    public IReadOnlyList<Prompt> HeldOut { get; }

    /// <summary>The training prompts of a round, from 1; not two alike.</summary>
    /// <param name="statisticsPath">The statistics that a curriculum goes by; null where there are none yet.</param>
    public IReadOnlyList<Prompt> OfRound(int round, string? statisticsPath = null)
    {
        var last = _last;
        if ((last.Round, last.Statistics) != (round, statisticsPath))
        {
            last = (round, statisticsPath, _options switch
            {
                { Curriculum: { } curriculum } => PromptCurriculum.Draw(_pool, Statistics(statisticsPath), curriculum, _options.PerRound, round, _seed),
                { Order: PromptOrder.Repeated } => Others(1),
                _ => Others(round),
            });
            _last = last;
        }
        return last.Prompts;
    }

    private static Dictionary<string, PromptStatistics> Statistics(string? path) =>
        path is null ? [] : PromptStatisticsFile.Read(path).ToDictionary(prompt => prompt.PromptId);

    private IReadOnlyList<Prompt> Others(int round) => _options.File is null ? Generate(round, _options.PerRound) : Draw(round);

    private IReadOnlyList<Prompt> Generate(int round, int count) =>
        TaskGenerator.Prompts(SampleSeed.Derive(_seed, round, "prompts", 0), _options.Tasks, count, Split.Train);

    /// <summary>A file is gone through in shuffled passes, each of as many whole rounds as it has prompts for.</summary>
    private Prompt[] Draw(int round)
    {
        var (pass, slot) = Math.DivRem(round - 1, _file.Count / _options.PerRound);
        var order = _file.ToArray();
        new SplitMix64(SampleSeed.Derive(_seed, pass, "prompts", 0)).Shuffle(order.AsSpan());
        return order[(slot * _options.PerRound)..((slot + 1) * _options.PerRound)];
    }
}

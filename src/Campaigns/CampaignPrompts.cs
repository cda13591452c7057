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
    private readonly Dictionary<string, IReadOnlyList<Prompt>> _sets = [];
    private (int Round, string? Statistics, IReadOnlyList<Prompt> Prompts) _last = (0, null, []);

    /// <exception cref="UserInputException">A prompt file cannot be used, or has too few prompts.</exception>
    public CampaignPrompts(CampaignOptions options)
        : this(options.Prompts, options.Evaluation.PromptsPerTask, options.Seed, options.TakesAnswers)
    {
        var taken = HeldOut.Select(prompt => prompt.Id).ToHashSet();
        // The gate's own come first: another set beside it changes none of its prompts.
        if (options.GateOrDefault is { Test: not GateTest.Off, Set: GateOptions.OwnSet } gate)
        {
            Add(GateOptions.OwnSet, OfSource(GateOptions.OwnSet, options.Prompts.Tasks, gate.PromptsPerTask));
        }
        foreach (var set in options.Evaluation.Sets ?? [])
        {
            Add(set.Name, set.File is { } file ? OfFile(set.Name, file, set.PromptsPerTask)
                : set.Tasks.Count > 0 ? GenerateSet(set.Name, set.Tasks, set.PromptsPerTask)
                : OfSource(set.Name, options.Prompts.Tasks, set.PromptsPerTask));
        }

        void Add(string name, IReadOnlyList<Prompt> prompts)
        {
            _sets.Add(name, prompts);
            taken.UnionWith(prompts.Select(prompt => prompt.Id));
        }

        // From where the held-out prompts are.
        IReadOnlyList<Prompt> OfSource(string name, IReadOnlyList<string> tasks, int perTask)
        {
            if (options.Prompts.File is not { } file)
            {
                return GenerateSet(name, tasks, perTask);
            }
            Prompt[] more = [.. PerTask(PromptFile.Read(file, Split.HeldOut).Where(prompt => !taken.Contains(prompt.Id)), perTask)];
            return more.Length > 0 ? more : throw new UserInputException(
                $"{file}: no held-out prompt is left for the set '{name}' (1 prompt in {PromptSplit.HeldOutOneIn} is held out); lower evaluation.prompts-per-task, add prompts, or give the set a file of its own.");
        }

        IReadOnlyList<Prompt> GenerateSet(string name, IReadOnlyList<string> tasks, int perTask) =>
            TaskGenerator.Prompts(SampleSeed.Derive(HeldOutSeed, 0, $"set {name}", 0), tasks, perTask * tasks.Count, Split.HeldOut, taken);

        IReadOnlyList<Prompt> OfFile(string name, string file, int perTask)
        {
            // By what is asked as well: two files may call one prompt by different ids.
            var trained = _file.SelectMany(KeysOf).ToHashSet();
            var measured = HeldOut.Concat(_sets.Values.SelectMany(set => set)).SelectMany(KeysOf).ToHashSet();
            Prompt[] all = [.. PerTask(PromptFile.Read(file), perTask)];
            return all.FirstOrDefault(prompt => KeysOf(prompt).Any(key => trained.Contains(key) || measured.Contains(key))) is not { } twice
                ? all
                : throw new UserInputException(
                $"{PromptFile.PlaceOf(twice.Id, file)}: the prompt \"{twice.Id}\" of the set '{name}' is {(KeysOf(twice).Any(trained.Contains) ? "trained on" : "in another set")} too; take it out of one of the two files.");
        }
    }

    /// <param name="answers">Whether the prompts to train on have their rows' own answers.</param>
    /// <exception cref="UserInputException">The prompt file cannot be used, or has too few prompts.</exception>
    public CampaignPrompts(PromptOptions options, int heldOutPerTask, ulong seed, bool answers = false)
    {
        _options = options;
        _seed = seed;
        _file = options.File is { } path ? [.. PromptFile.Read(path, Split.Train, answers)] : [];
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
            ? [.. PerTask(PromptFile.Read(file, Split.HeldOut), heldOutPerTask)]
            : TaskGenerator.Prompts(HeldOutSeed, options.Tasks, heldOutPerTask * options.Tasks.Count, Split.HeldOut);
    }

    /// <summary>Every prompt of prompt files that can be asked; none where prompts are generated.</summary>
    public IEnumerable<Prompt> FromFile => (_options.File is null ? [] : HeldOut.Concat(_file)).Concat(_sets.Values.SelectMany(set => set));

    /// <summary>The prompts that every checkpoint is evaluated on.</summary>
    public IReadOnlyList<Prompt> HeldOut { get; }

    /// <summary>The prompts of a further set, or of the gate.</summary>
    /// <param name="set">Its name; null is the held-out prompts.</param>
    public IReadOnlyList<Prompt> Of(string? set) => set is null or EvaluationOptions.HeldOut ? HeldOut : _sets[set];

    /// <summary>The training prompts of a round, from 1; not two alike.</summary>
    /// <param name="statisticsPath">The statistics that a curriculum goes by; null where there are none yet.</param>
    public IReadOnlyList<Prompt> OfRound(int round, string? statisticsPath = null)
    {
        var last = _last;
        if ((last.Round, last.Statistics) != (round, statisticsPath))
        {
            last = (round, statisticsPath, _options switch
            {
                { Curriculum: { } curriculum } => PromptCurriculum.Draw(
                    _pool,
                    Statistics(statisticsPath),
                    curriculum,
                    _options.PerRound,
                    round,
                    _seed),
                { Order: PromptOrder.Repeated } => Others(1),
                _ => Others(round),
            });
            _last = last;
        }
        return last.Prompts;
    }

    private static IEnumerable<string> KeysOf(Prompt prompt) =>
        [
            $"id {prompt.Id}",
            $"text {prompt.Text ?? string.Join('\n', prompt.Messages!.Select(message => $"{message.Role}\t{message.Spell()}"))}",
        ];

    private static IEnumerable<Prompt> PerTask(IEnumerable<Prompt> prompts, int most) =>
        prompts.GroupBy(prompt => prompt.Task).SelectMany(task => task.Take(most));

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

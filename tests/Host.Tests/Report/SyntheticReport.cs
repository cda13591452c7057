using IterativeDpo.Artifacts;
using IterativeDpo.Generation;
using IterativeDpo.Host.Judges;
using IterativeDpo.Host.Report;
using IterativeDpo.Judging.Quality;
using IterativeDpo.Training;

namespace IterativeDpo.Host.Tests.Report;

/// <summary>A made-up campaign of four rounds with figures like real ones.</summary>
internal static class SyntheticReport
{
    private static readonly (string Task, double Before, double After)[] Tasks =
    [
        ("add", .75, .78),
        ("sub", .82, .82),
        ("reverse", .89, .96),
        ("sort-letters", .44, .77),
        ("sort-numbers", .27, .90),
        ("count", .40, .37),
        ("compare", .63, .72),
        ("nth-word", .70, .95),
        ("json-object", .35, .96),
        ("initials", .30, .85),
        ("capitals", .24, .95),
        ("json-list", .34, .93),
    ];

    public static ReportData Create(int rounds = 4, int stepsPerRound = 42, bool fromBundledSeed = true)
    {
        var summary = new CampaignSummary(
            "quickstart",
            "state",
            new BaselineSummary(Tasks.Average(task => task.Before), 1200, ByTask(0)),
            [.. Enumerable.Range(1, rounds).Select(round => Round(round, rounds, stepsPerRound))],
            new FinalSummary(ByTask(1).Values.Average()),
            new Dictionary<string, string> { ["generation"] = "llama.cpp b8390", ["training"] = "LibTorch 1.13.1" });
        return new ReportData(
            summary,
            [new(0, "base", "", 9.3, 0.42, []), .. Enumerable.Range(1, rounds).Select(round => Detail(round, stepsPerRound))],
            [.. Enumerable.Range(1, rounds).SelectMany(Pairs)],
            [.. Enumerable.Range(1, rounds).Select(Judge)],
            "{\n  \"name\": \"quickstart\",\n  \"seed\": 1\n}",
            "seed.gguf",
            fromBundledSeed);
    }

    public static PairRecord Pair(int round, string prompt, string chosen, string rejected) => new(
        new PreferencePair("capitals-0a1b2c3d4e5f", [1], [2], [3]),
        new PairProvenance(
            "capitals", prompt, chosen, rejected, 3, 5, 0x1234_5678_9abc_def0, 42, 1, 0, "verifier",
            "temperature 1, at most 30 tokens",
            Digest.Parse(new string('a', 64)),
            round == 1 ? null : Digest.Parse(new string('b', 64)),
            round));

    private static SortedDictionary<string, double> ByTask(double progress) =>
        new(Tasks.ToDictionary(task => task.Task, task => task.Before + ((task.After - task.Before) * progress)));

    private static double Progress(int round, int rounds) => Math.Sqrt((double)round / rounds);

    private static RoundSummary Round(int round, int rounds, int steps)
    {
        var byTask = ByTask(Progress(round, rounds));
        return new RoundSummary(
            round, 1024, 8192, 63_000 + (4_500 * round), 1100 + (140 * round), 9_800, 310, new string((char)('a' + (round % 6)), 64),
            new TrainSummary(steps, 0.9 - (0.06 * round), 0.31 * round, 0.70 + (0.03 * round), 0.12 * round, -0.19 * round),
            new EvaluationSummary(byTask.Values.Average(), byTask, 8.9 - (0.3 * round)),
            new SecondsSummary(8.2 + (0.4 * round), 0.1, 3.9, 0.02, 1.3, 14.1 + (0.5 * round)));
    }

    private static RoundDetail Detail(int round, int steps) => new(
        round,
        round == 3 ? "rolled back" : "kept",
        round == 3 ? "6.2 points lost on 1200 prompts of held-out, at most 5.0 pass" : "",
        9.1 - (0.35 * round),
        0.41 - (0.07 * round),
        [.. Enumerable.Range(1, steps).Select(step => Step(round, step, steps))]);

    private static JudgeRound Judge(int round)
    {
        var figures = new JudgeQuality().Figures() with
        {
            Prompts = 1024,
            Failures = round,
            Samples = 8192,
            Abstentions = new(80 * round, 8192),
            Ties = new(4_000, 20_000),
            Flips = new(900 + (700 * round), 9_000),
            FlipsToFirst = new(600, 900),
            Length = new(new(5_400 + (300 * round), 9_500), []),
            StandardLength = new(new(4_600, 9_200), []),
            Agreement = new(7_400 - (150 * round), 1_500, 300, 1_100, 4_000),
            Usage = new(18_000, 1_200, 5_400_000, 36_000),
            Latency = Latency.Of([0.4, 0.5, 0.6, 2.1]),
        };
        return new(round, "small", false, figures, [.. new JudgeLimits().Warnings(figures)]);
    }

    private static TrainingStep Step(int round, int step, int steps)
    {
        var noise = ((SampleSeed.Mix((ulong)((round * 1000) + step)) >> 40) / (double)(1 << 24)) - 0.5;
        var margin = (1.1 * step / steps) + (0.4 * noise);
        return new TrainingStep(step, steps, new Dictionary<string, double>
        {
            ["loss"] = 1.1 - (0.12 * round) - (0.3 * step / steps) + (0.15 * noise),
            ["rewards/margins"] = margin,
            ["rewards/accuracies"] = Math.Clamp(0.55 + (0.35 * step / steps) + (0.2 * noise), 0, 1),
            ["rewards/chosen"] = margin * 0.35,
            ["rewards/rejected"] = -margin * 0.65,
        });
    }

    private static IEnumerable<PairRecord> Pairs(int round) =>
    [
        Pair(round, "Write banelo in capitals.", "BANELO", "Sure! BANELO"),
        Pair(round, "Make a JSON list: rovi taku mesa", "[\"rovi\",\"taku\",\"mesa\"]", "[rovi,taku,mesa]"),
        Pair(round, "Put 12, 7 and 40 in order.", "7 12 40", "12 7 40"),
    ];
}

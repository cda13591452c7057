using IterativeDpo.Generation;
using IterativeDpo.Judging.Curriculum;

namespace IterativeDpo.Judging.Tests.Curriculum;

public class PromptCurriculumTests
{
    private static readonly CurriculumOptions Options = new(0.2, 0.8, RestRounds: 3, PoolRounds: 1);

    [Fact]
    public void Draw_noStatistics_isASeededChoice()
    {
        var pool = Pool(50);

        Assert.Equal(Ids(Draw(pool, [], 10, seed: 1)), Ids(Draw(pool, [], 10, seed: 1)));
        Assert.NotEqual(Ids(Draw(pool, [], 10, seed: 1)), Ids(Draw(pool, [], 10, seed: 2)));
        Assert.NotEqual(Ids(Draw(pool, [], 10, round: 1)), Ids(Draw(pool, [], 10, round: 2)));
    }

    [Fact]
    public void Draw_allPlaces_learnableComeFirstAndThoseSetAsideLast()
    {
        PromptStatistics[] known =
        [
            Met("p0", 1, 0.0), Met("p1", 2, 1.0), Met("p2", 3, null),
            Met("p3", 3, 0.1), Met("p4", 3, 0.9),
            Met("p5", 3, 0.2), Met("p6", 3, 0.8), Met("p7", 1, 0.5),
        ];

        var drawn = Ids(Draw(Pool(10), known, 10, round: 4));

        Assert.Equal(["p5", "p6", "p7"], drawn[..3].Order());
        Assert.Equal(["p8", "p9"], drawn[3..5].Order());
        Assert.Equal(["p3", "p4"], drawn[5..7].Order());
        Assert.Equal(["p0", "p1", "p2"], drawn[7..]); // the one met longest ago first
    }

    [Theory]
    [InlineData(3, 4, false)]
    [InlineData(3, 5, true)]
    [InlineData(0, 500, false)]
    public void Draw_promptThatWasSetAsideInRound1_comesBackAfterItsRest(int rest, int round, bool isBack)
    {
        PromptStatistics[] known = [Met("p0", 1, 0), Met("p1", 1, 0.9)];

        var drawn = PromptCurriculum.Draw(Pool(2), ById(known), Options with { RestRounds = rest }, 1, round, 1);

        Assert.Equal(isBack ? "p0" : "p1", drawn.Single().Id);
    }

    [Fact]
    public void Draw_anyStatistics_givesSoManyDistinctPromptsOfThePoolAndTheBestOfThem()
    {
        var random = new SplitMix64(7);
        for (var trial = 0; trial < 300; trial++)
        {
            var pool = Pool(random.Between(1, 40));
            var round = random.Between(2, 12);
            PromptStatistics[] known =
            [
                .. pool.Where(_ => random.Below(3) > 0)
                    .Select(prompt =>
                        Met(prompt.Id, random.Between(1, round - 1), random.Below(6) is var rate and < 5 ? rate / 4.0 : null)),
            ];
            var count = random.Between(1, pool.Length);

            var drawn = Ids(Draw(pool, known, count, round, seed: (ulong)trial));

            Assert.Equal(count, drawn.Distinct().Count());
            Assert.Subset(pool.Select(prompt => prompt.Id).ToHashSet(), drawn.ToHashSet());
            Assert.Equal(drawn, Ids(Draw([.. pool], [.. known.Reverse()], count, round, seed: (ulong)trial)));
            var resting = known
                .Where(item => item.LastSolveRate is null or 0 or 1 && round - item.LastRound <= Options.RestRounds)
                .Select(item => item.PromptId)
                .ToHashSet();
            Assert.Equal(Math.Max(0, count - (pool.Length - resting.Count)), drawn.Count(resting.Contains));
        }
    }

    [Fact]
    public void Draw_moreThanThereAre_isAMistakeOfTheCaller() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Draw(Pool(2), [], 3));

    private static IReadOnlyList<Prompt> Draw(Prompt[] pool, PromptStatistics[] known, int count, int round = 1, ulong seed = 1) =>
        PromptCurriculum.Draw(pool, ById(known), Options, count, round, seed);

    private static Prompt[] Pool(int count) =>
        [.. Enumerable.Range(0, count).Select(i => new Prompt($"p{i}", null, $"text {i}", null, []))];

    private static PromptStatistics Met(string id, int round, double? rate) => new(id, 1, round, 4, 0, rate, rate);

    private static Dictionary<string, PromptStatistics> ById(PromptStatistics[] known) => known.ToDictionary(item => item.PromptId);

    private static string[] Ids(IEnumerable<Prompt> prompts) => [.. prompts.Select(prompt => prompt.Id)];
}

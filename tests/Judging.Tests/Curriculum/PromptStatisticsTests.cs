using System.Text;
using IterativeDpo.Artifacts;
using IterativeDpo.Judging.Curriculum;

namespace IterativeDpo.Judging.Tests.Curriculum;

public sealed class PromptStatisticsTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Update_overRounds_addsUpAndKeepsTheLastRate()
    {
        var first = Update([], 1, ("b", [1, 0, 0.5, 1]), ("a", [0]));
        var second = Update(first, 3, ("b", [0, 0]), ("c", []));

        Assert.Equal(
            [
                new("a", 1, 1, 1, 0, 0, 0),
                new("b", 2, 3, 6, 2, 2.5 / 6, 0),
                new("c", 1, 3, 0, 0, null, null),
            ],
            second);
    }

    [Fact]
    public void Update_anyOrder_isTheSame() =>
        Assert.Equal(Update([], 1, ("a", [1]), ("b", [0])), Update([], 1, ("b", [0]), ("a", [1])));

    [Fact]
    public void Read_whatWasWritten_givesItBack()
    {
        PromptStatistics[] statistics = [new("a", 2, 3, 8, 3, 1.0 / 3, 0.25), new("é\"", 1, 3, 0, 0, null, null)];
        using (var stream = File.Create(_path))
        {
            PromptStatisticsFile.Write(stream, statistics);
        }

        Assert.Equal(statistics, PromptStatisticsFile.Read(_path));
    }

    [Fact]
    public void Write_gives_these_bytes()
    {
        using var stream = new MemoryStream();

        PromptStatisticsFile.Write(stream, [new("a", 2, 3, 8, 3, 1.0 / 3, 0.25), new("é\"", 1, 3, 0, 0, null, null)]);

        Assert.Equal(
            """
            {"prompt_id":"a","rounds":2,"last_round":3,"samples":8,"solved":3,"mean_score":0.3333333333333333,"last_solve_rate":0.25}
            {"prompt_id":"é\"","rounds":1,"last_round":3,"samples":0,"solved":0}

            """,
            Encoding.UTF8.GetString(stream.ToArray()));
    }

    [Fact]
    public void Read_damagedLine_namesIt()
    {
        File.WriteAllText(_path, "{\"prompt_id\":\"a\",\"rounds\":1,\"last_round\":1,\"samples\":0,\"solved\":0}\n{\"prompt_id\":\"b\"}\n");

        Assert.StartsWith($"{_path}, line 2: ", Assert.Throws<UserInputException>(() => PromptStatisticsFile.Read(_path).Count()).Message);
    }

    [Fact]
    public void Read_noFile_namesIt()
    {
        File.Delete(_path);

        Assert.Contains(_path, Assert.Throws<UserInputException>(() => PromptStatisticsFile.Read(_path).Count()).Message);
    }

    private static IReadOnlyList<PromptStatistics> Update(
        IEnumerable<PromptStatistics> before,
        int round,
        params (string, IReadOnlyList<double>)[] scores
    ) => PromptStatistics.Update(before, round, scores, score => score >= 1);
}

using IterativeDpo.Artifacts.Comparison;
using IterativeDpo.Artifacts.Gguf;

namespace IterativeDpo.Artifacts.Tests.Comparison;

public sealed class ArtifactDifferenceTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("comparison");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Between_equalBytes_isNone() => Assert.Null(OfLines("{\"a\":1}\n", "{\"a\":1}\n"));

    [Theory]
    [InlineData("{\"ids\":[1,2]}\n", "{\"ids\":[1,3]}\n", "row 1: ids[1] is 3, and was 2", false)]
    [InlineData("{}\n{\"p\":{\"s\":0.5}}\n", "{}\n{\"p\":{\"s\":0.501}}\n", "row 2: p.s is 0.501, and was 0.5", true)]
    [InlineData("{\"s\":0.5}\n", "{\"s\":0.6}\n", "row 1: s is 0.6, and was 0.5", false)]
    [InlineData("{\"t\":\"a\"}\n", "{\"t\":\"b\"}\n", "row 1: t is \"b\", and was \"a\"", false)]
    [InlineData("{\"t\":[1]}\n", "{\"t\":[1,2]}\n", "row 1: t has 2 items, and had 1", false)]
    [InlineData("{\"t\":1}\n", "{\"t\":null}\n", "row 1: t is null, and was 1", false)]
    [InlineData("{\"s\":1}\n", "{\"s\":1.0}\n", "row 1: other bytes for the same values", true)]
    [InlineData("{}\n{}\n", "{}\n", "row 2: it is missing now", false)]
    [InlineData("{}\n", "{}\n{}\n", "row 2: it was not there", false)]
    [InlineData("no JSON\n", "none\n", "row 1: none, and was no JSON", false)]
    public void Between_lines_namesTheFirstThatDiffers(string before, string now, string words, bool isSmall) =>
        Assert.Equal(new ArtifactDifference(words, isSmall), OfLines(before, now));

    [Fact]
    public void Between_linesThatDifferInWhatDoesNotCount_isNone()
    {
        var before = Write("before", "{\"v\":{\"cost\":{\"calls\":2},\"s\":1}}\n");

        Assert.Null(ArtifactDifference.Between(before, Write("now", "{\"v\":{\"cost\":{\"calls\":0},\"s\":1}}\n"), "v.cost"));
        Assert.Equal(
            "row 1: v.s is 2, and was 1",
            ArtifactDifference.Between(before, Write("now", "{\"v\":{\"cost\":{\"calls\":0},\"s\":2}}\n"), "v.cost")!.First);
    }

    [Fact]
    public void Between_manyLinesOfWhichOneIsQuiteDifferent_isSmall()
    {
        string[] rows = [.. Enumerable.Range(0, 10).Select(i => $"{{\"id\":{i}}}")];

        Assert.True(OfLines(string.Join('\n', rows), string.Join('\n', rows.Select(row => row.Replace("7", "8"))))!.IsSmall);
        Assert.False(
            OfLines(string.Join('\n', rows), string.Join('\n', rows.Select(row => row.Replace("7", "8").Replace("2", "3"))))!.IsSmall);
    }

    [Theory]
    [InlineData(1.001f, true)]
    [InlineData(2f, false)]
    public void Between_tensors_namesTensorRowAndDistance(float changed, bool isSmall)
    {
        var difference = ArtifactDifference.Between(Gguf("a", [1, 1, 1, 1]), Gguf("b", [1, 1, changed, 1]))!;

        Assert.StartsWith(
            $"tensor w, row 1, column 0: {changed.ToString(System.Globalization.CultureInfo.InvariantCulture)}",
            difference.First);
        Assert.Equal(isSmall, difference.IsSmall);
    }

    [Fact]
    public void Between_filesThatSayOtherwiseOfThemselves_namesTheKey() =>
        Assert.Equal(
            new ArtifactDifference("metadata general.name: b, and was a", true),
            ArtifactDifference.Between(Gguf("a", [1, 1, 1, 1]), Gguf("b", [1, 1, 1, 1])));

    private ArtifactDifference? OfLines(string before, string now) =>
        ArtifactDifference.Between(Write("before", before), Write("now", now));

    private string Gguf(string name, float[] values)
    {
        var path = Path.Combine(_directory.FullName, $"{name}.gguf");
        new GgufWriter().Set("general.name", name).Add("w", [2, 2], TensorType.F32, values).Write(path);
        return path;
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(_directory.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }
}

using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Artifacts.Tests.Models;

public class ThoughtMarksTests
{
    [Fact]
    public void Of_knowsTheMarksOfSeveralFamilies()
    {
        Assert.Equal(new ThoughtMarks(1, 2), ThoughtMarks.Of(["a", "<think>", "</think>"]));
        Assert.Equal(new ThoughtMarks(2, 0), ThoughtMarks.Of(["[/THINK]", "a", "[THINK]"]));
        Assert.Null(ThoughtMarks.Of(["<", "think", ">", "</think>"]));
    }
}

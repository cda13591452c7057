using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Artifacts.Tests.Models;

public class ThoughtMarksTests
{
    private static readonly AnswerChannel s_channel = new(Name: 0, MessageEnd: 2, MessageStart: 1, Role: 5);
    private static readonly ThoughtMarks s_channels = new(Begin: 4, End: 3, s_channel);

    [Fact]
    public void Of_knowsTheMarksOfSeveralFamilies()
    {
        Assert.Equal(new ThoughtMarks(1, 2), ThoughtMarks.Of(["a", "<think>", "</think>"]));
        Assert.Equal(new ThoughtMarks(2, 0), ThoughtMarks.Of(["[/THINK]", "a", "[THINK]"]));
        Assert.Null(ThoughtMarks.Of(["<", "think", ">", "</think>"]));
    }

    [Fact]
    public void Of_knowsChannelsWhereTheVocabularyHasAllTheirTokens()
    {
        string[] tokens = ["final", "<|start|>", "<|end|>", "<|message|>", "<|channel|>", "assistant"];

        Assert.Equal(new ThoughtMarks(4, 3, s_channel), ThoughtMarks.Of(tokens));
        Assert.All(tokens, token => Assert.Null(ThoughtMarks.Of([.. tokens.Where(other => other != token)])));
    }

    /// <summary>4 0 3 is the header of the answer, and 4 9 3 that of thoughts.</summary>
    [Theory]
    [InlineData("4 9 3 7 7 2 1 5 4 0 3 8 8", 11)]
    [InlineData("4 0 3 8", 3)]
    [InlineData("4 9 3 7 2 1 5 4 9 3 7", 0)]
    [InlineData("4 9 3 0 7", 0)]
    [InlineData("4 9 3 7 4 0 3", 0)]
    [InlineData("3", 0)]
    [InlineData("8 8", 0)]
    public void Before_ofChannels_isAllBeforeTheTextOfTheAnswer(string completion, int expected) =>
        Assert.Equal(expected, s_channels.Before(Ids(completion)));

    [Theory]
    [InlineData("8 1 5", false)]
    [InlineData("8 1 5 4", true)]
    [InlineData("8 1 5 4 9 3", true)]
    [InlineData("8 1 5 4 0 3", false)]
    [InlineData("8 4 0 3 7", false)]
    public void AreOpenAfter_ofChannels_isWhereThePromptBeganOneThatIsNotTheAnswers(string prompt, bool expected) =>
        Assert.Equal(expected, s_channels.AreOpenAfter(Ids(prompt)));

    [Theory]
    [InlineData("4 9 3 7", "2 1 5 4 0 3")]
    [InlineData("4 9 3 7 2", "1 5 4 0 3")]
    [InlineData("4 9 3 7 2 1 5 4", "0 3")]
    [InlineData("4 9 3 7 2 1 5 4 9", "2 1 5 4 0 3")]
    public void NextToEnd_ofChannels_writesWhatIsMissingUpToTheAnswer(string completion, string expected)
    {
        var ids = Ids(completion).ToList();
        var written = new List<int>();
        while (!s_channels.EndAt(ids.ToArray()))
        {
            written.Add(s_channels.NextToEnd(ids.ToArray()));
            ids.Add(written[^1]);
        }
        Assert.Equal(expected, string.Join(' ', written));
    }

    private static int[] Ids(string text) => [.. text.Split(' ').Select(int.Parse)];
}

using System.Text;
using IterativeDpo.Generation.Batching;

namespace IterativeDpo.Generation.Tests.Batching;

public class CompletionTextTests
{
    [Fact]
    public void ToString_characterSplitOverPieces_isWhole()
    {
        var text = new CompletionText([]);
        foreach (var b in Encoding.UTF8.GetBytes("é→😀"))
        {
            text.Append([b]);
        }

        Assert.Equal("é→😀", text.ToString());
    }

    [Fact]
    public void ToString_characterCutOff_endsInTheReplacementCharacter()
    {
        var text = new CompletionText([]);
        text.Append([(byte)'a', 0xF0, 0x9F]);

        Assert.Equal("a\uFFFD", text.ToString());
    }

    [Fact]
    public void Append_stopStringOverThreePieces_isFoundAndCutOff()
    {
        var text = NewText("END");

        Assert.Equal([false, false, true], new[] { "one E", "N", "D two" }.Select(piece => text.Append(Encoding.UTF8.GetBytes(piece))));
        Assert.Equal("one ", text.ToString());
    }

    [Fact]
    public void Append_twoStopStrings_cutsBeforeTheFirst()
    {
        var text = NewText("c", "ab");

        Assert.True(text.Append("xabc"u8));
        Assert.Equal("x", text.ToString());
    }

    [Fact]
    public void Append_onlyTheBeginningOfAStopString_keepsIt()
    {
        var text = NewText("\n\n");

        Assert.False(text.Append("a\n"u8));
        Assert.False(text.Append("b\n"u8));
        Assert.Equal("a\nb\n", text.ToString());
    }

    [Fact]
    public void Append_moreThanTheFirstBuffer_keepsEverything()
    {
        var text = NewText("END");
        var piece = Encoding.UTF8.GetBytes(new string('x', 100));
        for (var i = 0; i < 10; i++)
        {
            text.Append(piece);
        }

        Assert.Equal(new string('x', 1000), text.ToString());
    }

    [Fact]
    public void Clear_usedText_forgetsIt()
    {
        var text = NewText("ab");
        text.Append("a"u8);
        text.Clear();

        Assert.False(text.Append("b"u8));
        Assert.Equal("b", text.ToString());
    }

    private static CompletionText NewText(params string[] stops) => new([.. stops.Select(Encoding.UTF8.GetBytes)]);
}

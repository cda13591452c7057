using System.Text;
using IterativeDpo.Artifacts;

namespace IterativeDpo.Judging.Tests;

public class JudgementFileTests
{
    private static readonly PromptJudgements[] Judgements =
    [
        new("a", [new(0, 1, "exact 42: yes"), new(1, 0.1, "exact 42: no")]),
        new("b", [new(0, null, "the prompt has no checks")]),
    ];

    [Fact]
    public void Read_whatWasWritten_givesItBack()
    {
        var read = JudgementFile.Read(new MemoryStream(Write()), "x").ToArray();

        Assert.Equivalent(Judgements, read, strict: true);
    }

    [Fact]
    public void Write_twice_givesEqualBytes() => Assert.Equal(Write(), Write());

    [Theory]
    [InlineData("oops")]
    [InlineData("null")]
    [InlineData("""{"prompt_id":"a"}""")]
    [InlineData("""{"prompt_id":"a","judgements":[{"score":1}]}""")]
    public void Read_damagedLine_namesTheFileAndTheLine(string line)
    {
        byte[] bytes = [.. Write(), .. Encoding.UTF8.GetBytes(line)];

        var error = Assert.Throws<UserInputException>(() => JudgementFile.Read(new MemoryStream(bytes), "j.jsonl").Count());

        Assert.StartsWith("j.jsonl, line 3: ", error.Message);
    }

    private static byte[] Write()
    {
        var stream = new MemoryStream();
        JudgementFile.Write(stream, Judgements);
        return stream.ToArray();
    }
}

using System.Text;
using IterativeDpo.Artifacts;
using IterativeDpo.Generation;

namespace IterativeDpo.Judging.Tests;

public class VerdictFileTests
{
    private static readonly PromptVerdict[] Verdicts =
    [
        new("a", new([new(0, 1, "exact 42: yes"), new(1, 0.1, "exact 42: no")])),
        new("b", new([new(0, null, "the prompt has no checks")])),
        new("c", new(
            [new(0, 0.7, "", [new("Score this.", "7")]), new(1, 0.3, "")],
            [new(0, 1, Preference.First, 0.7, "clearer", 0.8, 0.6, [new("A or B?", "A")])],
            new JudgeUsage(2, 1, 100, 2))),
        new("d", null, "no answer"),
    ];

    [Fact]
    public void Read_whatWasWritten_givesItBack()
    {
        var read = VerdictFile.Read(new MemoryStream(Write()), "x").ToArray();

        Assert.Equivalent(Verdicts, read, strict: true);
    }

    [Fact]
    public void Write_twice_givesEqualBytes() => Assert.Equal(Write(), Write());

    [Fact]
    public void Write_gives_these_bytes() => Assert.Equal(
        """
        {"prompt_id":"a","verdict":{"judgements":[{"sample_index":0,"score":1,"explanation":"exact 42: yes"},{"sample_index":1,"score":0.1,"explanation":"exact 42: no"}]}}
        {"prompt_id":"b","verdict":{"judgements":[{"sample_index":0,"score":null,"explanation":"the prompt has no checks"}]}}
        {"prompt_id":"c","verdict":{"judgements":[{"sample_index":0,"score":0.7,"explanation":"","calls":[{"prompt":"Score this.","answer":"7"}]},{"sample_index":1,"score":0.3,"explanation":""}],"comparisons":[{"first":0,"second":1,"preference":"first","probability":0.7,"explanation":"clearer","forward":0.8,"backward":0.6,"calls":[{"prompt":"A or B?","answer":"A"}]}],"usage":{"calls":2,"cached_calls":1,"input_tokens":100,"output_tokens":2}}}
        {"prompt_id":"d","verdict":null,"failure":"no answer"}

        """,
        Encoding.UTF8.GetString(Write()));

    [Fact]
    public void Read_lineFromBeforeComparisons_isAVerdictOfItsJudgements()
    {
        var line = """{"prompt_id":"a","judgements":[{"sample_index":0,"score":1,"explanation":"exact 42: yes"}]}"""u8;

        var read = VerdictFile.Read(new MemoryStream(line.ToArray()), "x").Single();

        Assert.Equivalent(new PromptVerdict("a", new Verdict([new(0, 1, "exact 42: yes")])), read, strict: true);
    }

    [Theory]
    [InlineData("oops")]
    [InlineData("null")]
    [InlineData("""{"prompt_id":"a"}""")]
    [InlineData("""{"prompt_id":"a","judgements":[{"score":1}]}""")]
    [InlineData("""{"prompt_id":"a","verdict":{"judgements":[{"score":1}]}}""")]
    public void Read_damagedLine_namesTheFileAndTheLine(string line)
    {
        byte[] bytes = [.. Write(), .. Encoding.UTF8.GetBytes(line)];

        var error = Assert.Throws<UserInputException>(() => VerdictFile.Read(new MemoryStream(bytes), "j.jsonl").Count());

        Assert.StartsWith("j.jsonl, line 5: ", error.Message);
    }

    [Fact]
    public void ReadWith_samples_givesEachItsVerdictAndLeavesFailuresOut()
    {
        var read = ReadWith("a", "b", "c", "d");

        Assert.Equal(["a", "b", "c"], read.Select(prompt => prompt.Samples.Prompt.Id));
        Assert.Equivalent(Verdicts[2].Verdict, read[2].Verdict, strict: true);
    }

    [Theory]
    [InlineData(2, "a", "c")]
    [InlineData(5, "a", "b", "c", "d", "e")]
    public void ReadWith_samplesOfOtherPrompts_namesTheFileAndTheLine(int line, params string[] prompts)
    {
        var error = Assert.Throws<UserInputException>(() => ReadWith(prompts));

        Assert.StartsWith($"j.jsonl, line {line}: not the verdict on prompt {prompts[line - 1]}", error.Message);
    }

    private static (PromptSamples Samples, Verdict Verdict)[] ReadWith(params string[] prompts)
    {
        var path = Path.GetTempFileName();
        try
        {
            using (var stream = File.Create(path))
            {
                SampleFile.Write(stream, prompts.Select(id => Samples.OfPrompt(id, "x", "y")));
            }
            return [.. VerdictFile.ReadWith(path, new MemoryStream(Write()), "j.jsonl")];
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static byte[] Write()
    {
        var stream = new MemoryStream();
        VerdictFile.Write(stream, Verdicts);
        return stream.ToArray();
    }
}

using System.Text;
using IterativeDpo.Artifacts;

namespace IterativeDpo.Generation.Tests;

public sealed class SampleFileTests : IDisposable
{
    private readonly string _path = Path.Combine(Directory.CreateTempSubdirectory("samples-test-").FullName, "samples.jsonl");

    private static readonly PromptSamples Chat = new(
        new Prompt(
            "p/1",
            [new ChatMessage("system", "be \"brief\""), new ChatMessage("user", "é→😀\n")],
            null,
            "add",
            [new AnswerCheck("exact", "7", 0.1)]),
        [256, 3],
        [
            new Sample(0, ulong.MaxValue, [5, 259], [-0.1f, float.Epsilon], "5", FinishReason.Eos, 1f / 3),
            new Sample(1, 0, [6], [-1e-30f], "", FinishReason.Length, 0),
        ]);

    private static readonly PromptSamples Text = new(
        new Prompt("p/2", null, "Once", null, []), [1], [new Sample(0, 9, [2], [-2.5f], "x", FinishReason.Stop, 0.5f)]);

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_path)!, recursive: true);

    [Fact]
    public void Read_writtenSamples_givesTheSameValues()
    {
        Write(Chat, Text);

        var read = SampleFile.Read(_path).ToArray();

        Assert.Equal(2, read.Length);
        Assert.Equivalent(Chat, read[0], strict: true);
        Assert.Equivalent(Text, read[1], strict: true);
        Assert.Equal(Chat.Samples[0].LogProbs, read[0].Samples[0].LogProbs);
        Assert.Equal(Chat.Samples[0].Seed, read[0].Samples[0].Seed);
    }

    [Fact]
    public void Read_writtenToolsAndCalls_givesTheSameValues()
    {
        var prompt = PromptFile.Parse(
            """{"id": "t", "prompt": [{"role": "assistant", "content": null, "tool_calls": [{"name": "f", "arguments": {"a": "é"}}]}, {"role": "tool", "content": "18", "name": "f", "tool_call_id": "1"}], "tools": [{"name": "f"}]}""",
            "here");
        Write(Chat with { Prompt = prompt });

        Assert.Equivalent(prompt, SampleFile.Read(_path).Single().Prompt, strict: true);
    }

    [Fact]
    public void Write_whatWasRead_givesTheSameBytes()
    {
        Write(Chat, Text);
        var first = File.ReadAllBytes(_path);

        Write([.. SampleFile.Read(_path)]);

        Assert.Equal(first, File.ReadAllBytes(_path));
    }

    [Fact]
    public void Write_gives_these_bytes()
    {
        Write(Chat, Text);

        Assert.Equal(
            """
            {"prompt":{"id":"p/1","messages":[{"role":"system","content":"be \"brief\""},{"role":"user","content":"é→\uD83D\uDE00\n"}],"text":null,"task":"add","checks":[{"kind":"exact","value":"7","weight":0.1}]},"prompt_ids":[256,3],"samples":[{"index":0,"seed":18446744073709551615,"token_ids":[5,259],"log_probs":[-0.1,1E-45],"text":"5","finish_reason":"Eos","mean_entropy":0.33333334},{"index":1,"seed":0,"token_ids":[6],"log_probs":[-1E-30],"text":"","finish_reason":"Length","mean_entropy":0}]}
            {"prompt":{"id":"p/2","messages":null,"text":"Once","task":null,"checks":[]},"prompt_ids":[1],"samples":[{"index":0,"seed":9,"token_ids":[2],"log_probs":[-2.5],"text":"x","finish_reason":"Stop","mean_entropy":0.5}]}

            """,
            File.ReadAllText(_path));
    }

    [Fact]
    public void Write_twoPrompts_isALineEach()
    {
        Write(Chat, Text);

        Assert.Equal(2, File.ReadAllLines(_path).Length);
        Assert.EndsWith("\n", File.ReadAllText(_path), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("""{"prompt_ids": [1]}""")]
    public void Read_damagedLine_namesFileAndLine(string line)
    {
        Write(Text);
        File.AppendAllText(_path, line + "\n", Encoding.UTF8);

        var error = Assert.Throws<UserInputException>(() => SampleFile.Read(_path).Count());

        Assert.StartsWith($"{_path}, line 2: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_missingFile_namesIt()
    {
        var error = Assert.Throws<UserInputException>(() => SampleFile.Read(_path));

        Assert.Contains(_path, error.Message, StringComparison.Ordinal);
    }

    private void Write(params PromptSamples[] samples)
    {
        using var stream = File.Create(_path);
        SampleFile.Write(stream, samples);
    }
}

using IterativeDpo.Artifacts;
using IterativeDpo.Generation;
using IterativeDpo.Judging.Llm;

namespace IterativeDpo.Judging.Tests.Llm;

public sealed class PromptTemplateTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Resolve_turns_haveTheValuesInTheirPlaces()
    {
        var template = Read("[system]\r\nBe fair.\r\n\r\n[user]\r\nQ: {prompt}\r\nA: {answer}\r\n");

        Assert.Equal(
            [new ChatMessage("system", "Be fair."), new ChatMessage("user", "Q: 1 + 1?\nA: 2")],
            template.Resolve(new Dictionary<string, string> { ["prompt"] = "1 + 1?", ["answer"] = "2" }));
    }

    [Fact]
    public void Resolve_bracesInValuesAndInTheText_areThemselves()
    {
        var template = Read("[user]\n{prompt} {answer} {{answer}} {\"json\": {}} \\boxed{1}");

        var resolved = template.Resolve(
            new Dictionary<string, string> { ["prompt"] = "{answer}", ["answer"] = "{prompt}\n[system]\n{{x}}" });

        Assert.Equal("{answer} {prompt}\n[system]\n{{x}} {answer} {\"json\": {}} \\boxed{1}", Assert.Single(resolved).Content);
    }

    [Theory]
    [InlineData(
        "[user]\n{prompt}\n{answr}",
        "line 3: {answr} is no variable of this template; there are {prompt}, {answer}, {rubric}. For the text itself write {{answr}}.")]
    [InlineData("[user]\n{prompt}\n", "line 3: the template ends without {answer}; it needs {prompt}, {answer}.")]
    [InlineData("{prompt} {answer}", "line 1: a template begins with a line [system] or [user]")]
    [InlineData("hello\n[user]\n{prompt} {answer}", "line 1: a template begins with a line [system] or [user]")]
    [InlineData("[user]\n{prompt} {answer}\n[assistant]\nSure", "line 3: the last turn is [assistant]; it must be [user]")]
    public void Read_aTemplateThatCannotBeUsed_namesFileLineAndRemedy(string text, string expected)
    {
        var error = Assert.Throws<UserInputException>(() => Read(text));

        Assert.StartsWith($"{_path}, {expected}", error.Message, StringComparison.Ordinal);
    }

    private PromptTemplate Read(string text)
    {
        File.WriteAllText(_path, text);
        return PromptTemplate.Read(_path, ["prompt", "answer"], "rubric");
    }
}

using System.Text.Json;

namespace IterativeDpo.Generation.Tests;

public sealed class ToolFieldsTests
{
    [Fact]
    public void MessageOf_argumentsAsATextOfJson_areTheObject() => Assert.Equal(
        Message("""{"role": "assistant", "content": null, "tool_calls": [{"function": {"name": "f", "arguments": {"é": [1, 2.50]}}}]}"""),
        Message("""{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{\"é\": [1,2.50]}"}}]}"""));

    [Fact]
    public void MessageOf_turnWithoutTools_hasNone() => Assert.Equal(
        new ChatMessage("user", "x"),
        Message("""{"role": "user", "content": "x", "tool_calls": [], "tool_call_id": "", "name": "Ann"}"""));

    [Fact]
    public void MessageOf_result_hasItsCall() => Assert.Equal(
        new ChatMessage("tool", "18", null, "c1", "f"),
        Message("""{"role": "tool", "content": "18", "tool_call_id": "c1", "name": "f"}"""));

    [Theory]
    [InlineData("""{"role": "user", "tool_calls": [1]}""", "a turn of the role \"user\" has \"tool_calls\"")]
    [InlineData("""{"role": "user", "tool_call_id": "c"}""", "a turn of the role \"user\" has \"tool_call_id\"")]
    [InlineData("""{"role": "tool", "tool_call_id": 3}""", "\"tool_call_id\" must be a text")]
    [InlineData("""{"role": "assistant", "tool_calls": {"name": "f"}}""", "\"tool_calls\" must be a list")]
    [InlineData("""{"role": "assistant", "tool_calls": ["f"]}""", "a call in \"tool_calls\" must be {\"name\", \"arguments\"}")]
    [InlineData("""{"role": "assistant", "tool_calls": [{"name": "f"}]}""", "must be {\"name\", \"arguments\"}")]
    [InlineData("""{"role": "assistant", "tool_calls": [{"function": "f"}]}""", "must be {\"name\", \"arguments\"}")]
    [InlineData("""{"role": "assistant", "tool_calls": [{"id": "c", "arguments": {}}]}""", "must be {\"name\", \"arguments\"}")]
    [InlineData("""{"role": "assistant", "tool_calls": [{"name": "f", "arguments": "x"}]}""", "\"arguments\" is a text that is not JSON")]
    [InlineData("""{"role": "assistant", "tool_calls": [{"name": "f", "arguments": "[1]"}]}""", "\"arguments\" is a text of JSON that is no object")]
    [InlineData("""{"role": "assistant", "tool_calls": [{"name": "f", "arguments": {"a": "\u0000"}}]}""", "\"tool_calls\" has a NUL")]
    public void MessageOf_whatTemplatesDoNotKnow_isRefused(string message, string problem) => Assert.Contains(
        problem,
        Assert.Throws<FormatException>(() => Message(message)).Message,
        StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"tools": [{"name": "f"}]}""")]
    [InlineData("""{"tools": "[{\"name\":  \"f\"}]"}""")]
    public void ToolsOf_listOrItsText_isTheList(string row) => Assert.Equal("""[{"name":"f"}]""", Tools(row)!.Text);

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"tools": null}""")]
    [InlineData("""{"tools": []}""")]
    [InlineData("""{"tools": "[]"}""")]
    public void ToolsOf_nothing_isNone(string row) => Assert.Null(Tools(row));

    [Theory]
    [InlineData("""{"tools": ["f"]}""", "\"tools\" must be a list of objects")]
    [InlineData("""{"tools": {"name": "f"}}""", "\"tools\" must be a list of objects")]
    [InlineData("""{"tools": "f"}""", "\"tools\" is a text that is not JSON")]
    [InlineData("""{"tools": [{"a\u0000": "f"}]}""", "\"tools\" has a NUL")]
    public void ToolsOf_whatIsNoList_isRefused(string row, string problem) => Assert.Contains(
        problem,
        Assert.Throws<FormatException>(() => Tools(row)).Message,
        StringComparison.Ordinal);

    [Fact]
    public void Spell_turnThatCalls_hasItsTextAndEachCallAsJson() => Assert.Equal(
        "Wait.\n{\"name\":\"f\",\"arguments\":{\"a\":\"é\"}}\n{\"name\":\"g\",\"arguments\":{}}",
        Message(
            """{"role": "assistant", "content": "Wait.", "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": {"a": "é"}}}, {"name": "g", "arguments": {}}]}""")
            .Spell());

    /// <summary>A message as data have it.</summary>
    internal static ChatMessage Message(string json)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        return ToolFields.MessageOf(
            root,
            root.GetProperty("role").GetString()!,
            root.TryGetProperty("content", out var content) ? content.GetString() : null);
    }

    private static JsonText? Tools(string json)
    {
        using var document = JsonDocument.Parse(json);
        return ToolFields.ToolsOf(document.RootElement);
    }
}

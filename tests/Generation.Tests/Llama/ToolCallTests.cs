using System.Text;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Artifacts.Tests.Models;
using IterativeDpo.Generation.Llama;

namespace IterativeDpo.Generation.Tests.Llama;

/// <summary>
/// Tools, calls and their results through chat templates in the style of known ones; what is expected was written by hand.
/// </summary>
public sealed class ToolCallTests(TinyModelFile files) : IClassFixture<TinyModelFile>
{
    /// <summary>As Hermes and Qwen 2.5 do it: calls are JSON between tags.</summary>
    private const string Hermes =
        "{%- if tools %}{{ '<|system|># Tools' }}{% for tool in tools %}{{ '\\n' + (tool | tojson) }}{% endfor %}{{ '<|end|>' }}{% endif %}"
        + "{%- for m in messages %}"
        + "{%- if m.role == 'tool' %}{{ '<|user|><tool_response>\\n' + m.content + '\\n</tool_response><|end|>' }}"
        + "{%- elif m.role == 'assistant' %}{{ '<|assistant|>' + (m.content or '') }}"
        + "{%- for call in m.tool_calls %}{% set f = call.function if call.function is defined else call %}"
        + "{{ '\\n<tool_call>\\n{\"name\": \"' + f.name + '\", \"arguments\": ' + (f.arguments | tojson) + '}\\n</tool_call>' }}"
        + "{%- endfor %}{{ '<|end|>' }}"
        + "{%- else %}{{ '<|' + m.role + '|>' + m.content + '<|end|>' }}{% endif %}{% endfor %}"
        + "{%- if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}";

    /// <summary>As Llama 3.1 does it: tools in the first question, one call at a time.</summary>
    private const string Llama31 =
        "{{ bos_token }}{%- for m in messages %}"
        + "{%- if m.tool_calls %}{% if m.tool_calls | length != 1 %}{{ raise_exception('This model only supports single tool-calls at once!') }}{% endif %}"
        + "{%- set f = m.tool_calls[0].function %}"
        + "{{ '<|assistant|>\\n\\n{\"name\": \"' + f.name + '\", \"parameters\": ' + (f.arguments | tojson) + '}<|end|>' }}"
        + "{%- elif m.role == 'tool' %}{{ '<|user|>\\n\\n' + (m.content | tojson) + '<|end|>' }}"
        + "{%- elif loop.first and tools is not none %}{{ '<|user|>\\n\\nFunctions:\\n' }}"
        + "{%- for t in tools %}{{ (t | tojson(indent=4)) + '\\n\\n' }}{% endfor %}{{ m.content + '<|end|>' }}"
        + "{%- else %}{{ '<|' + m.role + '|>\\n\\n' + m.content + '<|end|>' }}{% endif %}{% endfor %}"
        + "{%- if add_generation_prompt %}{{ '<|assistant|>\\n\\n' }}{% endif %}";

    private const string Tools = """[{"type": "function", "function": {"name": "weather", "parameters": {"city": "text"}}}]""";
    private const string Asked = """{"role": "user", "content": "Rome?"}""";
    private const string Called =
        """{"role": "assistant", "content": null, "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "weather", "arguments": {"city": "Rome", "days": 2}}}]}""";

    private const string Told = """{"role": "tool", "tool_call_id": "c1", "name": "weather", "content": "18 C"}""";

    [Fact]
    public void EncodePrompt_callAndResult_areShownAsHermesDoes() => Assert.Equal(
        ByteVocabulary.Encode(
            "<bos><|system|># Tools\n{\"type\": \"function\", \"function\": {\"name\": \"weather\", \"parameters\": {\"city\": \"text\"}}}<|end|><|user|>Rome?<|end|><|assistant|>\n<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Rome\", \"days\": 2}}\n</tool_call><|end|><|user|><tool_response>\n18 C\n</tool_response><|end|><|assistant|>"),
        Prompt(Hermes, $$"""{"prompt": [{{Asked}}, {{Called}}, {{Told}}], "tools": {{Tools}}}"""));

    [Fact]
    public void EncodePrompt_callAndResult_areShownAsLlamaDoes() => Assert.Equal(
        ByteVocabulary.Encode(
            "<bos><|user|>\n\nFunctions:\n{\n    \"type\": \"function\",\n    \"function\": {\n        \"name\": \"weather\",\n        \"parameters\": {\n            \"city\": \"text\"\n        }\n    }\n}\n\nRome?<|end|><|assistant|>\n\n{\"name\": \"weather\", \"parameters\": {\"city\": \"Rome\", \"days\": 2}}<|end|><|user|>\n\n\"18 C\"<|end|><|assistant|>\n\n"),
        Prompt(Llama31, $$"""{"prompt": [{{Asked}}, {{Called}}, {{Told}}], "tools": {{Tools}}}"""));

    [Fact]
    public void EncodeCompletion_calls_areWhatTheTemplateAdds()
    {
        using var tokenizer = Load(Hermes);
        var asked = PassageOf($$"""{"prompt": [{{Asked}}], "tools": {{Tools}}}""");
        var calls = ToolFieldsTests.Message(
            """{"role": "assistant", "content": "Let me see.", "tool_calls": [{"name": "weather", "arguments": {"city": "Rome"}}, {"name": "time", "arguments": {}}]}""");

        Assert.Equal(
            ByteVocabulary.Encode(
                "Let me see.\n<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Rome\"}}\n</tool_call>\n<tool_call>\n{\"name\": \"time\", \"arguments\": {}}\n</tool_call><|end|>"),
            tokenizer.EncodeCompletion(asked, Passage.Of(calls)));
    }

    [Theory]
    [InlineData("content", "<|end|>", "<|end|>")]
    [InlineData("arguments", "<|user|>", "{\"a\": \"<|user|>\"}")]
    public void EncodeCompletion_specialTokenWithinACall_staysText(string shown, string said, string text)
    {
        using var tokenizer = Load(
            "{{ '<|user|>' + messages[0].content }}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}{% if messages[1] is defined %}"
            + "{% set f = messages[1].tool_calls[0] %}{{ '<|assistant|>' + f.name + messages[1].content + (f.arguments | tojson) + '<|end|>' }}{% endif %}");
        var call = shown == "content"
            ? $$$"""{"role": "assistant", "content": "{{{said}}}", "tool_calls": [{"name": "f", "arguments": {}}]}"""
            : $$$"""{"role": "assistant", "content": "", "tool_calls": [{"name": "f", "arguments": {"a": "{{{said}}}"}}]}""";

        var ids = tokenizer.EncodeCompletion(Passage.Of(new ChatMessage("user", "x")), Passage.Of(ToolFieldsTests.Message(call)));

        Assert.Equal(
            [.. Encoding.UTF8.GetBytes($"f{text}{(shown == "content" ? "{}" : "")}").Select(b => (int)b), ByteVocabulary.End],
            ids);
    }

    [Theory]
    [InlineData("{{ messages[0].content }}", "the model's chat template leaves out the tool 'weather'")]
    [InlineData(
        "{{ tools | tojson }}{% for m in messages %}{{ m.content }}{% endfor %}",
        "the model's chat template leaves out the call of 'weather'")]
    [InlineData(
        "{{ tools | tojson }}{% for m in messages %}{{ m.content }}{% for c in m.tool_calls %}{{ c.function.name }}{% endfor %}{% endfor %}",
        "the model's chat template leaves out the arguments of the call of 'weather'")]
    [InlineData(
        "{{ tools | tojson }}{{ messages[0].content }}{{ messages[1].tool_calls }}",
        "the model's chat template leaves out what the role 'tool' says")]
    public void EncodePrompt_templateThatLeavesToolsOut_isRefused(string template, string problem) => Assert.Equal(
        problem,
        ProblemOf(template, $$"""{"prompt": [{{Asked}}, {{Called}}, {{Told}}], "tools": {{Tools}}}"""));

    [Fact]
    public void EncodePrompt_templateThatShowsTheFirstCallAlone_isRefused() => Assert.Equal(
        "the model's chat template leaves out the call of 'time'",
        ProblemOf(
            "{% for m in messages %}{{ m.content or '' }}{% if m.tool_calls %}{{ m.tool_calls[0] | tojson }}{% endif %}{% endfor %}",
            """{"prompt": [{"role": "assistant", "tool_calls": [{"name": "weather", "arguments": {}}, {"name": "time", "arguments": {}}]}, {"role": "tool", "content": "x"}]}"""));

    [Fact]
    public void EncodePrompt_templateThatTakesOneCall_saysWhatItSaid() => Assert.Equal(
        "the model's chat template refuses the conversation: This model only supports single tool-calls at once!",
        ProblemOf(
            Llama31,
            """{"prompt": [{"role": "assistant", "tool_calls": [{"name": "a", "arguments": {}}, {"name": "b", "arguments": {}}]}, {"role": "tool", "content": "x"}]}"""));

    [Fact]
    public void EncodePrompt_keyThatSpellsASpecialToken_isRefused() => Assert.Equal(
        "the key \"<|end|>\" of a tool or a call spells a special token, and would become one",
        ProblemOf(Hermes, $$$"""{"prompt": [{{{Asked}}}], "tools": [{"name": "f", "parameters": {"<|end|>": "text"}}]}"""));

    [Fact]
    public void EncodePrompt_toolsOfTheSettings_areThoseOfRowsWithoutAny()
    {
        var options = new ChatTemplateOptions(Kwargs: """{"tools": [{"name": "time"}]}""");

        Assert.Equal(
            ByteVocabulary.Encode("<bos><|system|># Tools\n{\"name\": \"time\"}<|end|><|user|>Rome?<|end|><|assistant|>"),
            Prompt(Hermes, $$"""{"prompt": [{{Asked}}]}""", options));
        Assert.Equal(
            ByteVocabulary.Encode("<bos><|system|># Tools\n{\"name\": \"own\"}<|end|><|user|>Rome?<|end|><|assistant|>"),
            Prompt(Hermes, $$"""{"prompt": [{{Asked}}], "tools": [{"name": "own"}]}""", options));
        Assert.Equal(
            "the model's chat template leaves out the tool 'time'",
            ProblemOf("{{ messages[0].content }}", $$"""{"prompt": [{{Asked}}]}""", options));
    }

    [Fact]
    public void EncodePrompt_toolsOfARow_chooseTheTemplateForThem()
    {
        var path = files["several-tools.gguf"];
        TinyModel.WriteChanged(path, metadata =>
        {
            metadata["tokenizer.chat_template"] = "plain {{ messages[0].content }}";
            metadata["tokenizer.chat_template.tool_use"] = "tools {{ tools | tojson }}{{ messages[0].content }}";
        });
        using var tokenizer = LlamaTextTokenizer.Load(path);

        Assert.Equal(
            ByteVocabulary.Encode("<bos>tools [{\"name\": \"f\"}]Rome?"),
            tokenizer.EncodePrompt(PassageOf($$"""{"prompt": [{{Asked}}], "tools": [{"name": "f"}]}""")));
        Assert.Equal(ByteVocabulary.Encode("<bos>plain Rome?"), tokenizer.EncodePrompt(PassageOf($$"""{"prompt": [{{Asked}}]}""")));
    }

    [Fact]
    public void Tokenize_generatorOfAPromptWithTools_readsWhatIsTrainedOn()
    {
        var line = $$"""{"prompt": [{{Asked}}, {{Called}}, {{Told}}], "tools": {{Tools}}}""";
        using var generator = LlamaGenerator.Load(new LlamaOptions(With(Hermes), 512, Sequences: 1));

        Assert.Equal(Prompt(Hermes, line), generator.Tokenize(PromptFile.Parse(line, "here")));
    }

    private int[] Prompt(string template, string line, ChatTemplateOptions? options = null)
    {
        using var tokenizer = Load(template, options);
        return tokenizer.EncodePrompt(PassageOf(line));
    }

    private string ProblemOf(string template, string line, ChatTemplateOptions? options = null) =>
        Assert.Throws<ConversationException>(() => Prompt(template, line, options)).Message;

    private static Passage PassageOf(string line)
    {
        var prompt = PromptFile.Parse(line, "here");
        return new(prompt.Text, prompt.Messages, prompt.Tools);
    }

    private LlamaTextTokenizer Load(string template, ChatTemplateOptions? options = null) =>
        LlamaTextTokenizer.Load(With(template), options);

    private string With(string template)
    {
        var path = files[$"tools-{Digest.Of(Encoding.UTF8.GetBytes(template)).Short}.gguf"];
        if (!File.Exists(path))
        {
            TinyModel.WriteChanged(path, metadata => metadata["tokenizer.chat_template"] = template);
        }
        return path;
    }
}

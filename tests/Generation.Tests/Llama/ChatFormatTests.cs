using IterativeDpo.Artifacts.Tests.Models;
using IterativeDpo.Generation.Llama;

namespace IterativeDpo.Generation.Tests.Llama;

/// <summary>llama.cpp's own formats against what templates say: as they are published, and changed.</summary>
public sealed class ChatFormatTests(TinyModelFile files) : IClassFixture<TinyModelFile>
{
    public const string ChatMl =
        """
        {% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}
        """;

    private const string Llama3 =
        """
        {% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>

        '+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}
        """;

    private const string Gemma =
        """
        {{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}{{ '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}{% endfor %}{% if add_generation_prompt %}{{'<start_of_turn>model\n'}}{% endif %}
        """;

    // TinyLlama's and Zephyr's: llama.cpp ends every turn with <|endoftext|>, whatever the model's end token is.
    private const string Zephyr =
        """
        {% for message in messages %}
        {% if message['role'] == 'user' %}
        {{ '<|user|>
        ' + message['content'] + eos_token }}
        {% elif message['role'] == 'system' %}
        {{ '<|system|>
        ' + message['content'] + eos_token }}
        {% elif message['role'] == 'assistant' %}
        {{ '<|assistant|>
        '  + message['content'] + eos_token }}
        {% endif %}
        {% if loop.last and add_generation_prompt %}
        {{ '<|assistant|>' }}
        {% endif %}
        {% endfor %}
        """;

    private const string Qwen =
        """
        {%- if tools %}
            {{- '<|im_start|>system\n' }}
            {%- if messages[0]['role'] == 'system' %}
                {{- messages[0]['content'] }}
            {%- else %}
                {{- 'You are Qwen, created by Alibaba Cloud. You are a helpful assistant.' }}
            {%- endif %}
            {{- "\n\n# Tools\n\nYou may call one or more functions to assist with the user query.\n\n<tools>" }}
            {{- "\n</tools><|im_end|>\n" }}
        {%- else %}
            {%- if messages[0]['role'] == 'system' %}
                {{- '<|im_start|>system\n' + messages[0]['content'] + '<|im_end|>\n' }}
            {%- else %}
                {{- '<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\n' }}
            {%- endif %}
        {%- endif %}
        {%- for message in messages %}
            {%- if (message.role == "user") or (message.role == "system" and not loop.first) or (message.role == "assistant" and not message.tool_calls) %}
                {{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>' + '\n' }}
            {%- elif message.role == "assistant" %}
                {{- '<|im_start|>' + message.role }}
                {%- for tool_call in message.tool_calls %}
                    {{- '\n<tool_call>\n{"name": "' }}
                {%- endfor %}
                {{- '<|im_end|>\n' }}
            {%- elif message.role == "tool" %}
                {{- '<|im_start|>user' }}
                {{- '\n<tool_response>\n' }}
            {%- endif %}
        {%- endfor %}
        {%- if add_generation_prompt %}
            {{- '<|im_start|>assistant\n' }}
        {%- endif %}
        """;

    [Theory]
    [InlineData(ChatMl, true)]
    [InlineData(ChatMl, false)]
    [InlineData(Llama3, true)]
    [InlineData(Llama3, false)]
    [InlineData(Gemma, false)]
    [InlineData(Qwen, true)]
    public void Encode_templateThatLlamaCppShowsAsItIs_isTaken(string template, bool hasSystem)
    {
        using var tokenizer = LlamaTextTokenizer.Load(With(template));

        Assert.NotEmpty(tokenizer.EncodePrompt(Asked(hasSystem)));
        Assert.NotEmpty(tokenizer.EncodeCompletion(Asked(hasSystem), Passage.Of(new ChatMessage("assistant", "blue"))));
    }

    [Theory]
    [InlineData(Qwen, false, "Alibaba Cloud. Y…\" where there is no system message, and llama.cpp's own format for such templates does not")]
    [InlineData(Gemma, true, "refuses system messages")]
    [InlineData(Zephyr, false, "writes \"<|end|>\", and llama.cpp's own format for such templates does not")]
    [InlineData(Zephyr, true, "writes \"<|end|>\", and llama.cpp's own format for such templates does not")]
    public void Encode_templateThatLlamaCppShowsOtherwise_isRefused(string template, bool hasSystem, string problem) =>
        Assert.Contains(problem, ProblemOf(template, hasSystem), StringComparison.Ordinal);

    [Theory]
    [InlineData("'<|im_start|>' + message['role'] + '\\n'", "'<|im_start|>human: '", "writes \"<|im_start|>human: \"")]
    [InlineData("message['content'] + '<|im_end|>' + '\\n'", "message['content'] + '<|im_end|>'", "llama.cpp's own format for such templates writes \"\\n<|im_start|>assistant\\n\" where it does not")]
    [InlineData("{% for message in messages %}", "{{ 'Cutting Knowledge Date: December 2023' }}{% for message in messages %}", "Cutting Knowledge Date")]
    [InlineData("<|im_start|>assistant\\n", "<|im_start|>assistant\\n<think>\\n", "<think>")]
    [InlineData("message['content'] + ", "message['content'] + (' /no_think' if message['role'] == 'user' else '') + ", "/no_think")]
    public void Encode_templateThatSaysMore_isRefused(string text, string changed, string problem)
    {
        Assert.Contains(text, ChatMl, StringComparison.Ordinal);

        Assert.Contains(problem, ProblemOf(ChatMl.Replace(text, changed, StringComparison.Ordinal), hasSystem: false), StringComparison.Ordinal);
    }

    [Fact]
    public void Tokenize_templateThatLlamaCppShowsOtherwise_isRefusedBeforeSampling()
    {
        using var generator = LlamaGenerator.Load(new LlamaOptions(With(Zephyr), 64, Sequences: 1));

        var error = Assert.Throws<Artifacts.UserInputException>(() => generator.Tokenize(new Prompt("p", Asked(false).Turns, null, null, [])));

        Assert.Contains("prompt 'p': the model's chat template (tokenizer.chat_template) would not be shown as it is written", error.Message, StringComparison.Ordinal);
    }

    private string ProblemOf(string template, bool hasSystem)
    {
        using var tokenizer = LlamaTextTokenizer.Load(With(template));

        return Assert.Throws<ConversationException>(() => tokenizer.EncodePrompt(Asked(hasSystem))).Message;
    }

    private static Passage Asked(bool hasSystem) => Passage.Of([.. hasSystem ? [new("system", "Be brief.")] : Array.Empty<ChatMessage>(), new("user", "sky?")]);

    private string With(string template)
    {
        var path = files[$"format-{Artifacts.Digest.Of(System.Text.Encoding.UTF8.GetBytes(template)).Short}.gguf"];
        if (!File.Exists(path))
        {
            TinyModel.WriteChanged(path, metadata => metadata["tokenizer.chat_template"] = template);
        }
        return path;
    }
}

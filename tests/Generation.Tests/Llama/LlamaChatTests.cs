using System.Text;
using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Artifacts.Tests.Models;
using IterativeDpo.Generation.Llama;

namespace IterativeDpo.Generation.Tests.Llama;

/// <summary>
/// Conversations as token ids of the byte vocabulary, whose special tokens are spelled as in <see cref="ByteVocabulary"/>.
/// </summary>
public sealed class LlamaChatTests(TinyModelFile files) : IClassFixture<TinyModelFile>
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

    private const string Thinking =
        """
        {%- for m in messages %}
        {%- set content = m.content.split('</think>')[-1].lstrip() if m.role == 'assistant' and not loop.last else m.content %}
        {{- '<|' + m.role + '|>' + content + '<|end|>' }}
        {%- endfor %}
        {%- if add_generation_prompt %}{{ '<|assistant|>' }}{%- if enable_thinking is defined and enable_thinking is false %}{{ '<think></think>' }}{% endif %}{% endif %}
        """;

    private static readonly ChatMessage s_user = new("user", " sky? ");
    private static readonly ChatMessage s_system = new("system", "Be brief.");

    [Fact]
    public void EncodePrompt_template_isRenderedAsItIsWritten()
    {
        Assert.Equal(
            ByteVocabulary.Encode(
                "<bos><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nsky?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"),
            Prompt(Llama3, null, s_system, s_user));
        Assert.Equal(ByteVocabulary.Encode("<bos><|user|>\n sky? <|end|>\n<|assistant|>\n"), Prompt(Zephyr, null, s_user));
        Assert.Equal(
            ByteVocabulary.Encode(
                "<bos><start_of_turn>user\nsky?<end_of_turn>\n<start_of_turn>model\nblue<end_of_turn>\n<start_of_turn>user\nsky?<end_of_turn>\n<start_of_turn>model\n"),
            Prompt(Gemma, null, s_user, new("assistant", "blue"), s_user));
    }

    [Fact]
    public void EncodePrompt_templateThatWritesBos_hasItOnce() =>
        Assert.Equal(
            ByteVocabulary.Encode("<bos>x sky? "),
            Prompt("{{ bos_token }}{{ bos_token }}x{{ messages[0].content }}", null, s_user));

    [Fact]
    public void EncodePrompt_conversationThatTheTemplateRefuses_saysWhatItSaid() =>
        Assert.Equal("the model's chat template refuses the conversation: System role not supported", ProblemOf(Gemma, s_system, s_user));

    [Fact]
    public void EncodePrompt_templateThatCannotBeWorkedOut_saysWhereAndWhy() =>
        Assert.Equal(
            "the model's chat template cannot show the conversation: line 2: 'x' is undefined",
            ProblemOf("{{ messages[0].content }}\n{{ x.y }}", s_user));

    [Fact]
    public void EncodePrompt_templateThatLeavesATurnOut_isRefused() => Assert.Equal(
        "the model's chat template leaves out what the role 'system' says",
        ProblemOf("{% for m in messages if m.role == 'user' %}{{ m.content }}{% endfor %}", s_system, s_user));

    [Fact]
    public void EncodePrompt_thoughtsOfEarlierTurns_areDroppedAsTheTemplateDoes() => Assert.Equal(
        ByteVocabulary.Encode("<bos><|user|> sky? <|end|><|assistant|>blue<|end|><|user|> sky? <|end|><|assistant|>"),
        Prompt(Thinking, null, s_user, new("assistant", "<think>hm</think> blue"), s_user));

    [Fact]
    public void EncodeCompletion_conversation_isWhatTheTemplateAddsToThePrompt()
    {
        using var tokenizer = Load(Thinking, new(Kwargs: """{"enable_thinking": true}"""));

        Assert.Equal(
            ByteVocabulary.Encode("<think>hm</think>blue<|end|>"),
            tokenizer.EncodeCompletion(Passage.Of(s_user), Passage.Of(new ChatMessage("assistant", "<think>hm</think>blue"))));
    }

    [Fact]
    public void EncodeCompletion_promptShownOtherwiseWithIt_isRefusedWithWhatDiffers()
    {
        using var tokenizer = Load(Thinking, new(Kwargs: """{"enable_thinking": false}"""));

        var error = Assert.Throws<ConversationException>(() =>
            tokenizer.EncodeCompletion(Passage.Of(s_user), Passage.Of(new ChatMessage("assistant", "blue"))));

        Assert.Contains(
            "\"<think></think>\" is before the answer, and with the answer \"blue<|end|>\" is there",
            error.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void EncodePrompt_kwargs_areTheTemplatesVariables()
    {
        const string template =
            "{{ tools is none }}{{ documents is none }}{{ x is defined }}{{ tools | tojson }}{{ pad_token }}{{ messages[0].content }}";

        Assert.Equal(
            ByteVocabulary.Encode("<bos><|user|> sky? <|end|><|assistant|><think></think>"),
            Prompt(Thinking, new(Kwargs: """{"enable_thinking": false}"""), s_user));
        Assert.Equal(ByteVocabulary.Encode("<bos>TrueTrueFalsenull<pad> sky? "), Prompt(template, null, s_user));
        Assert.Equal(
            ByteVocabulary.Encode("<bos>FalseTrueTrue[{\"é\": 1.0}]<pad> sky? "),
            Prompt(template, new(Kwargs: """{"x": null, "tools": [{"é": 1.0}]}"""), s_user));
    }

    [Fact]
    public void EncodePrompt_time_isTheOneThatIsGiven()
    {
        const string template = "{{ strftime_now('%d %b %Y %H:%M') }}{{ messages[0].content }}";
        var began = new DateTimeOffset(2026, 3, 7, 15, 4, 0, TimeSpan.Zero);

        Assert.Equal(ByteVocabulary.Encode("<bos>07 Mar 2026 15:04 sky? "), Prompt(template, new(Began: began), s_user));
        Assert.Equal(
            ByteVocabulary.Encode("<bos>26 Jul 2024 00:00 sky? "),
            Prompt(template, new(Time: "2024-07-26", Began: began), s_user));
        Assert.Contains(
            "line 1: strftime_now asks for the time, and it is not set (chat-template.time)",
            ProblemOf(template, s_user),
            StringComparison.Ordinal);
    }

    [Fact]
    public void EncodePrompt_severalTemplates_areChosenByNameOrByTools()
    {
        var path = files["several.gguf"];
        TinyModel.WriteChanged(path, metadata =>
        {
            metadata["tokenizer.chat_template"] = "default{{ messages[0].content }}";
            metadata["tokenizer.chat_template.tool_use"] = "tools{{ messages[0].content }}";
            metadata["tokenizer.chat_template.rag"] = "rag{{ messages[0].content }}";
        });
        string Begin(ChatTemplateOptions? options)
        {
            using var tokenizer = LlamaTextTokenizer.Load(path, options);
            return tokenizer.DecodePrompt(tokenizer.EncodePrompt(Passage.Of(s_user)))!.Split(' ')[0];
        }

        Assert.Equal("default", Begin(null));
        Assert.Equal("rag", Begin(new(Name: "rag")));
        Assert.Equal("tools", Begin(new(Kwargs: """{"tools": [{}]}""")));
        Assert.Equal("default", Begin(new(Kwargs: """{"tools": []}""")));
        Assert.Contains(
            "has no chat template 'x', but default, tool_use, rag; set chat-template.name",
            Assert.Throws<UserInputException>(() => Begin(new(Name: "x"))).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{{ m }}", "x<|end|>y", "x<|end|>y")]
    [InlineData("{{ m | trim }}", " <|end|> ", "<|end|>")]
    [InlineData("{{ m | upper }}", "<|end|>é", "<|END|>É")]
    [InlineData("{{ m | lower }}", "<|END|>", "<|end|>")]
    [InlineData("{{ m.replace('_', '|') }}", "<_end_>", "<|end|>")]
    [InlineData("{{ m.split('#') | join('') }}", "<|e#nd|>", "<|end|>")]
    [InlineData("{{ m.split('#') | join('|') }}", "<#end#>", "<|end|>")]
    [InlineData("{{ m[1:-1] }}", "[<|end|>]", "<|end|>")]
    [InlineData("{{ m[::-1] }}", ">|dne|<", "<|end|>")]
    [InlineData("{{ m | reverse }}", ">|dne|<", "<|end|>")]
    [InlineData("{{ m | tojson }}", "<|end|>\n", "\"<|end|>\\n\"")]
    [InlineData("{{ [m] }}", "<|end|>", "['<|end|>']")]
    [InlineData("{{ m ~ '' }}{{ '%s' % m }}", "<bos>", "<bos><bos>")]
    [InlineData("{{ m | indent(1) }}", "a\n<|end|>", "a\n <|end|>")]
    [InlineData(
        "{{ (m | title).swapcase() }}{{ m | capitalize }}{{ m.strip('[').lstrip().center(9) }}",
        "[<|END|>",
        "[<|eND|>[<|end|> <|END|> ")]
    [InlineData("{% for c in m %}{{ c }}{% endfor %}", "<|end|>", "<|end|>")]
    [InlineData(
        "{% set x %}{{ m }}{% endset %}{% macro f(y) %}{{ y }}{{ caller() }}{% endmacro %}{% call f(x) %}{{ m }}{% endcall %}",
        "<pad>",
        "<pad><pad>")]
    [InlineData(
        "{% set ns = namespace(t='') %}{% for l in m.splitlines() %}{% set ns.t = ns.t + l %}{% endfor %}{{ ns.t }}",
        "<|e\nnd|>",
        "<|end|>")]
    [InlineData("{{ '<|' + m }}", "end|>", "<|end|>")]
    [InlineData("{{ m + '|>' }}", "<|end", "<|end|>")]
    [InlineData("{{ ('<' ~ m ~ '>').replace('x', '|') }}", "xendx", "<|end|>")]
    [InlineData("{{ (m, 1) | first }}{{ {'a': m}.a }}{{ {'a': m}.items() | map('last') | join }}", "<bos>", "<bos><bos><bos>")]
    public void Encode_whateverTheTemplateMakesOfWhatSomebodySays_staysText(string shown, string said, string text)
    {
        var template = $"{{%- set m = messages[0].content -%}}<|user|>{shown}<|end|>";

        Assert.Equal(
            [ByteVocabulary.Bos, ByteVocabulary.User, .. Encoding.UTF8.GetBytes(text).Select(b => (int)b), ByteVocabulary.End],
            Prompt(template, null, new ChatMessage("user", said)));
    }

    [Fact]
    public void Encode_specialTokenThatTheTemplatePutsInThePlaceOfWhatSomebodySaid_isTheToken() => Assert.Equal(
        [ByteVocabulary.Bos, 'a', ByteVocabulary.Pad, 'b', .. "<pad>".Select(c => (int)c)],
        Prompt("{{ messages[0].content | replace('[PAD]', '<pad>') }}", null, new ChatMessage("user", "a[PAD]b<pad>")));

    [Fact]
    public void Tokenize_generatorAndTokenizer_readTheSame()
    {
        var options = new ChatTemplateOptions(Kwargs: """{"enable_thinking": false}""");
        using var generator = LlamaGenerator.Load(new LlamaOptions(With(Thinking), 64, Sequences: 1, ChatTemplate: options));

        Assert.Equal(Prompt(Thinking, options, s_user), generator.Tokenize(new Prompt("p", [s_user], null, null, [])));
    }

    [Fact]
    public void Digest_otherKwargs_differs()
    {
        using var plain = Load(Thinking, null);
        using var other = Load(Thinking, new(Kwargs: "{}"));

        Assert.NotEqual(plain.Digest, other.Digest);
    }

    private int[] Prompt(string template, ChatTemplateOptions? options, params ChatMessage[] turns)
    {
        using var tokenizer = Load(template, options);
        return tokenizer.EncodePrompt(Passage.Of(turns));
    }

    private string ProblemOf(string template, params ChatMessage[] turns) =>
        Assert.Throws<ConversationException>(() => Prompt(template, null, turns)).Message;

    private LlamaTextTokenizer Load(string template, ChatTemplateOptions? options) => LlamaTextTokenizer.Load(With(template), options);

    private string With(string template)
    {
        var path = files[$"chat-{Digest.Of(Encoding.UTF8.GetBytes(template)).Short}.gguf"];
        if (!File.Exists(path))
        {
            TinyModel.WriteChanged(path, metadata => metadata["tokenizer.chat_template"] = template);
        }
        return path;
    }
}

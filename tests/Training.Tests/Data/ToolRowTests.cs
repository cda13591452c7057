using System.Text.Json.Serialization;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Generation.Llama;
using IterativeDpo.Training.Data;

namespace IterativeDpo.Training.Tests.Data;

/// <summary>Rows with tools, from the file to the ids that are trained on.</summary>
public sealed class ToolRowTests(DataFiles files) : IClassFixture<DataFiles>
{
    private const string Template =
        "{% if tools %}{{ '<|system|>' + (tools | tojson) + '<|end|>' }}{% endif %}{% for m in messages %}{{ '<|' + ('user' if m.role == 'tool' else m.role) + '|>' + (m.content or '') }}"
        + "{% for c in m.tool_calls %}{{ '<call>' + c.name + (c.arguments | tojson) }}{% endfor %}{{ '<|end|>' }}{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}";

    private const string User = """{"role":"user","content":"Rome?"}""";
    private const string Call = """{"role":"assistant","content":null,"tool_calls":[{"name":"f","arguments":{"city":"Rome"}}]}""";
    private const string Told = """{"role":"tool","content":"18","name":"f"}""";
    private const string Answer = """{"role":"assistant","content":"Mild."}""";
    private const string Other = """{"role":"assistant","content":"No."}""";
    private const string Tools = """[{"name":"f"}]""";

    private const string Asked = "<bos><|system|>[{\"name\": \"f\"}]<|end|><|user|>Rome?<|end|><|assistant|>";
    private const string Called = "<call>f{\"city\": \"Rome\"}<|end|>";

    [Fact]
    public void Open_completionThatCallsATool_isLearnedAsTheTemplateShowsIt()
    {
        var pair = OnePair($$"""{"prompt":[{{User}}],"chosen":[{{Call}}],"rejected":[{{Other}}],"tools":{{Tools}}}""");

        Assert.Equal(ByteVocabulary.Encode(Asked), pair.PromptIds);
        Assert.Equal(ByteVocabulary.Encode(Called), pair.ChosenIds);
        Assert.Equal(ByteVocabulary.Encode("No.<|end|>"), pair.RejectedIds);
    }

    [Fact]
    public void Open_implicitPromptWithACallAndItsResult_hasThemInThePrompt()
    {
        var pair = OnePair(
            $$"""{"chosen":[{{User}},{{Call}},{{Told}},{{Answer}}],"rejected":[{{User}},{{Call}},{{Told}},{{Other}}],"tools":{{Tools}}}""");

        Assert.Equal(ByteVocabulary.Encode($"{Asked}{Called}<|user|>18<|end|><|assistant|>"), pair.PromptIds);
        Assert.Equal(ByteVocabulary.Encode("Mild.<|end|>"), pair.ChosenIds);
    }

    [Fact]
    public void Open_completionOfCallResultAndAnswer_isAllThatTheTemplateAdds() => Assert.Equal(
        ByteVocabulary.Encode($"{Called}<|user|>18<|end|><|assistant|>Mild.<|end|>"),
        OnePair($$"""{"prompt":[{{User}}],"chosen":[{{Call}},{{Told}},{{Answer}}],"rejected":[{{Other}}],"tools":{{Tools}}}""").ChosenIds);

    [Fact]
    public async Task Open_Parquet_withToolsAndArgumentsAsTexts_isTheSameRow()
    {
        var call = new ToolCall { Function = new() { Name = "f", Arguments = """{"city": "Rome"}""" } };
        var row = new Row
        {
            Prompt = [new() { Role = "user", Content = "Rome?" }],
            Chosen = [new() { Role = "assistant", ToolCalls = [call] }],
            Rejected = [new() { Role = "assistant", Content = "No." }],
            Tools = Tools,
        };

        var pair = OnePairOf(
            await files.WriteParquetAsync([row]),
            Template.Replace("c.name", "c.function.name").Replace("c.arg", "c.function.arg"));

        Assert.Equal(ByteVocabulary.Encode(Asked), pair.PromptIds);
        Assert.Equal(ByteVocabulary.Encode(Called), pair.ChosenIds);
    }

    [Fact]
    public void Open_sameQuestionWithOtherTools_isAnotherPrompt()
    {
        string Id(string name) => OnePair(
            $$"""{"prompt":[{{User}}],"chosen":[{{Answer}}],"rejected":[{{Other}}],"tools":[{"name":"{{name}}"}]}""").PromptId;

        Assert.Equal(Id("f"), Id("f"));
        Assert.NotEqual(Id("f"), Id("g"));
    }

    [Theory]
    [InlineData(DataTarget.TrlConversational)]
    [InlineData(DataTarget.TrlUnpaired)]
    public void Convert_rowWithTools_keepsThem(DataTarget target)
    {
        var row = $$"""{"prompt":[{{User}},{{Call}},{{Told}}],"chosen":[{{Call}}],"rejected":[{{Other}}],"tools":{{Tools}},"prompt_id":"p"}""";
        var path = files.Write(row);

        new DataConverter(target, null).Convert([path], $"{path}.{target}", new DataOptions(0));

        Assert.Equal(
            target == DataTarget.TrlConversational
                ? [row]
                : [
                    $$"""{"prompt":[{{User}},{{Call}},{{Told}}],"completion":[{{Call}}],"label":true,"tools":{{Tools}},"prompt_id":"p"}""",
                    $$"""{"prompt":[{{User}},{{Call}},{{Told}}],"completion":[{{Other}}],"label":false,"tools":{{Tools}},"prompt_id":"p"}""",
                ],
            File.ReadAllLines($"{path}.{target}"));
    }

    [Fact]
    public void Read_preferenceToBeJudged_showsItsCallAsText()
    {
        var path = files.Write($$"""{"prompt":[{{User}}],"chosen":[{{Call}}],"rejected":[{{Other}}],"tools":{{Tools}}}""");

        var samples = LabelledSamplesFile.Read(path).Single().Samples;

        Assert.Equal(["""{"name":"f","arguments":{"city":"Rome"}}""", "No."], samples.Samples.Select(sample => sample.Text));
        Assert.Equal(Tools, samples.Prompt.Tools!.Text);
    }

    private PreferencePair OnePair(string row) => OnePairOf(files.Write(row), Template);

    private PreferencePair OnePairOf(string path, string template)
    {
        var model = files[$"tools-{template.Length}.gguf"];
        if (!File.Exists(model))
        {
            using var plain = GgufFile.Open(files["tiny.gguf"]);
            var writer = new GgufWriter();
            foreach (var (key, value) in plain.Metadata)
            {
                writer.Set(key, key == "tokenizer.chat_template" ? template : value);
            }
            foreach (var tensor in plain.Tensors.Values)
            {
                writer.Copy(plain, tensor);
            }
            writer.Write(model);
        }
        using var tokenizer = LlamaTextTokenizer.Load(model);
        using var data = TrainingData.Open([path], tokenizer, new DataOptions(256), files[$"cache-{Guid.NewGuid():N}"]);
        return (PreferencePair)data.Examples.Single();
    }

    private sealed class Row
    {
        [JsonPropertyName("prompt")]
        public List<Turn>? Prompt { get; set; }

        [JsonPropertyName("chosen")]
        public List<Turn>? Chosen { get; set; }

        [JsonPropertyName("rejected")]
        public List<Turn>? Rejected { get; set; }

        [JsonPropertyName("tools")]
        public string? Tools { get; set; }
    }

    private sealed class Turn
    {
        [JsonPropertyName("role")]
        public string? Role { get; set; }

        [JsonPropertyName("content")]
        public string? Content { get; set; }

        [JsonPropertyName("tool_calls")]
        public List<ToolCall>? ToolCalls { get; set; }
    }

    private sealed class ToolCall
    {
        [JsonPropertyName("function")]
        public Function? Function { get; set; }
    }

    private sealed class Function
    {
        [JsonPropertyName("name")]
        public string? Name { get; set; }

        [JsonPropertyName("arguments")]
        public string? Arguments { get; set; }
    }
}

using System.IO.Compression;
using System.Text;
using System.Text.Json.Serialization;
using IterativeDpo.Artifacts;
using IterativeDpo.Generation.Tasks;
using Parquet.Serialization;

namespace IterativeDpo.Generation.Tests;

public sealed class PromptFileTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"prompts-{Guid.NewGuid():N}.jsonl");

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Read_whatWasWritten_givesItBack()
    {
        Prompt[] prompts =
        [
            new(
                "a",
                [new("system", "Be \"brief\"."), new("user", "1 < 2?")],
                null,
                "logic",
                [new("exact", "yes", 2), new("regex", "^y", 0.5, Required: true)]),
            new("b", null, "Once upon a time, é", null, []),
        ];
        using (var stream = File.Create(_path))
        {
            PromptFile.Write(stream, prompts);
        }

        Assert.Equivalent(prompts, PromptFile.Read(_path).ToArray(), strict: true);
    }

    [Fact]
    public void Write_gives_these_bytes()
    {
        using var stream = new MemoryStream();

        PromptFile.Write(stream, [
            new(
                "a",
                [new("system", "Be \"brief\"."), new("user", "1 < 2?")],
                null,
                "logic",
                [new("exact", "yes", 2), new("regex", "^y", 0.5, Required: true)]),
            new("b", null, "Once upon a time, é", null, []),
        ]);

        Assert.Equal(
            """
            {"id":"a","task":"logic","prompt":[{"role":"system","content":"Be \"brief\"."},{"role":"user","content":"1 < 2?"}],"checks":[{"kind":"exact","value":"yes","weight":2},{"kind":"regex","value":"^y","weight":0.5,"required":true}]}
            {"id":"b","prompt":"Once upon a time, é"}

            """,
            Encoding.UTF8.GetString(stream.ToArray()));
    }

    [Fact]
    public void Read_withoutIds_givesEachPromptItsOwnStableId()
    {
        var first = Read("""{"prompt": "x"}""", """{"prompt": "y", "label": 3}""");
        var second = Read("""{"prompt": "y"}""");

        Assert.NotEqual(first[0].Id, first[1].Id);
        Assert.Equal(first[1].Id, second[0].Id);
    }

    [Fact]
    public void Read_blankLines_areSkippedAndCounted()
    {
        var error = Assert.Throws<UserInputException>(() => Read("""{"prompt": "x"}""", "", "oops"));

        Assert.StartsWith($"{_path}, line 3: not JSON", error.Message);
    }

    [Theory]
    [InlineData("""{"id": "a"}""", "\"prompt\" is missing")]
    [InlineData("""["x"]""", "a array where a JSON object")]
    [InlineData("""{"prompt": 3}""", "must be a text or a list")]
    [InlineData("""{"prompt": []}""", "not empty")]
    [InlineData("""{"prompt": [{"role": "user"}]}""", "\"content\" is missing")]
    [InlineData("""{"prompt": ["x"]}""", "\"role\" is missing")]
    [InlineData("""{"chosen": "x y", "rejected": "x z"}""", "implicit")]
    [InlineData("""{"prompt": "x", "chosen": [{"role": "user", "content": "x"}], "rejected": []}""", "give it as a list of messages")]
    [InlineData("""{"prompt": [{"role": "user", "content": "x"}], "tools": ["f"]}""", "\"tools\" must be a list of objects")]
    [InlineData("""{"prompt": [{"role": "user", "content": "x", "tool_calls": [1]}]}""", "has \"tool_calls\", and only the assistant calls tools")]
    [InlineData("""{"prompt": [{"role": "user", "content": "x", "function_call": {"name": "f"}}]}""", "\"function_call\" would be lost")]
    [InlineData("""{"prompt": "x", "images": ["a.png"]}""", "\"images\" would be lost")]
    [InlineData("""{"prompt": [{"role": "user", "content": "x"}], "system": "Be brief."}""", "\"system\" would be lost")]
    [InlineData("""{"prompt": "Hi \ud83d there"}""", "byte 16 (\\ud83d) is half of a surrogate pair")]
    [InlineData("""{"prompt": [{"role": "user", "content": "x\u0000"}]}""", "byte 43 (\\u0000) is a NUL")]
    [InlineData("""{"prompt": "x", "checks": [{"kind": "exact", "value": "\ud83d"}]}""", "is half of a surrogate pair")]
    [InlineData("""{"prompt": [{"role": "human", "content": "x"}]}""", "the role \"human\" is not one of system, user, assistant")]
    [InlineData(
        """{"prompt": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}]}""",
        "ends with the assistant's turn")]
    [InlineData("""{"prompt": "x", "id": 3}""", "\"id\" must be a text, not a number")]
    [InlineData("""{"prompt": "x", "checks": {}}""", "\"checks\" must be a list")]
    [InlineData("""{"prompt": "x", "checks": [{"value": "y"}]}""", "\"kind\" is missing")]
    [InlineData(
        """{"prompt": "x", "checks": [{"kind": "exact", "value": "y", "required": 1}]}""",
        "\"required\" must be true or false, not a number")]
    [InlineData("""{"prompt": "x", "checks": [{"kind": "exact", "value": "y", "weight": "z"}]}""", "\"weight\" must be a number")]
    public void Read_badLine_namesTheFileTheLineAndTheFault(string line, string fault)
    {
        var error = Assert.Throws<UserInputException>(() => Read("""{"prompt": "good"}""", line));

        Assert.StartsWith($"{_path}, line 2: ", error.Message);
        Assert.Contains(fault, error.Message);
    }

    [Fact]
    public void Read_rowsOfTrl_takesTheirPromptsOnce()
    {
        var prompts = Read(
            """{"prompt": "The sky is", "chosen": " blue.", "rejected": " green."}""",
            """{"prompt": "The sky is", "chosen": " up.", "rejected": " green."}""",
            """{"prompt": "The sea is", "completion": " wet.", "label": true}""",
            """{"prompt": [{"role": "user", "content": "Why?"}], "chosen": [{"role": "assistant", "content": "So."}], "rejected": [], "tools": null}""");

        Assert.Equal(["The sky is", "The sea is", null], prompts.Select(prompt => prompt.Text));
        Assert.Equal([new ChatMessage("user", "Why?")], prompts[2].Messages!);
    }

    [Fact]
    public void Read_answersThatAreAskedFor_areTheRowsOwn()
    {
        File.WriteAllLines(_path,
        [
            """{"prompt": "The sky is", "chosen": " blue.", "rejected": " green."}""",
            """{"prompt": "The sea is", "completion": " wet."}""",
            """{"prompt": [{"role": "user", "content": "Why?"}], "completion": [{"role": "assistant", "content": "So."}], "label": true}""",
        ]);

        Assert.Equal([" blue.", " wet.", "So."], PromptFile.Read(_path, answers: true).Select(prompt => prompt.Answer));
        Assert.All(PromptFile.Read(_path), prompt => Assert.Null(prompt.Answer));
    }

    [Theory]
    [InlineData("""{"prompt": "x"}""", "it gives no answer, and each is asked for")]
    [InlineData("""{"prompt": "x", "completion": "y", "label": false}""", "it gives no answer, and each is asked for")]
    [InlineData("""{"prompt": "x", "completion": 1}""", "its answer must be a text, as the prompt is one")]
    [InlineData("""{"prompt": "x", "completion": "a\u0000"}""", "is a NUL")]
    [InlineData(
        """{"prompt": [{"role": "user", "content": "x"}], "completion": "y"}""",
        "its answer must be one turn of the assistant, as the prompt is a conversation")]
    [InlineData(
        """{"prompt": [{"role": "user", "content": "x"}], "chosen": [{"role": "user", "content": "y"}]}""",
        "its answer must be one turn of the assistant")]
    public void Read_answerThatIsNone_namesTheLine(string line, string fault)
    {
        File.WriteAllLines(_path, ["""{"prompt": "good", "completion": "day"}""", line]);

        var error = Assert.Throws<UserInputException>(() => PromptFile.Read(_path, answers: true).ToArray());

        Assert.StartsWith($"{_path}, line 2: ", error.Message);
        Assert.Contains(fault, error.Message);
    }

    [Fact]
    public void Read_promptThatComesAgainWithChecks_namesBothLines()
    {
        var error = Assert.Throws<UserInputException>(() =>
            Read("""{"prompt": "x"}""", """{"prompt": "x", "checks": [{"kind": "ended"}]}"""));

        Assert.Contains("line 2", error.Message);
        Assert.Contains("is already on line 1", error.Message);
    }

    [Theory]
    [InlineData("jsonl")]
    [InlineData("txt")]
    public void Read_anotherEncoding_namesTheLineAndTheByte(string kind)
    {
        var path = Path.ChangeExtension(_path, kind);
        string Refused(Encoding encoding)
        {
            File.WriteAllText(path, "{\"prompt\": \"a\"}\n{\"prompt\": \"für\"}\n", encoding);
            return Assert.Throws<UserInputException>(() => PromptFile.Read(path).Count()).Message;
        }
        var (latin1, utf16, bare) = (
            Refused(Encoding.Latin1),
            Refused(Encoding.Unicode),
            Refused(new UnicodeEncoding(bigEndian: true, byteOrderMark: false)));
        File.Delete(path);

        Assert.StartsWith($"{path}, line 2: byte 14 (0xFC) is no UTF-8", latin1);
        Assert.StartsWith($"{path}, line 1: byte 1 is of a text in UTF-16", utf16);
        Assert.StartsWith($"{path}, line 1: byte 1 is of a text in UTF-16", bare);
    }

    [Fact]
    public void Read_toolsAndCallsThatWereWritten_givesThemBack()
    {
        var prompts = Read(
            """{"prompt": [{"role": "user", "content": "x"}, {"role": "assistant", "content": null, "tool_calls": [{"name": "f", "arguments": {"a": "é"}}]}, {"role": "tool", "content": "y", "tool_call_id": "1"}], "tools": [{"name": "f"}]}""",
            """{"prompt": [{"role": "user", "content": "x"}], "tools": [{"name": "f"}]}""",
            """{"prompt": [{"role": "user", "content": "x"}]}""");
        using (var stream = File.Create(_path))
        {
            PromptFile.Write(stream, prompts);
        }

        Assert.Equivalent(prompts, PromptFile.Read(_path).ToArray(), strict: true);
        Assert.Equal("""[{"name":"f"}]""", prompts[0].Tools!.Text);
        Assert.Null(prompts[0].Messages![1].Content);
        Assert.Equal("""[{"name":"f","arguments":{"a":"é"}}]""", prompts[0].Messages![1].ToolCalls!.Text);
        Assert.Equal(3, prompts.Select(prompt => prompt.Id).Distinct().Count());
    }

    [Fact]
    public void Read_answerThatCallsATool_isRefusedWhereAnswersAreAskedFor()
    {
        File.WriteAllText(
            _path,
            """{"prompt": [{"role": "user", "content": "x"}], "chosen": [{"role": "assistant", "tool_calls": [{"name": "f", "arguments": {}}]}]}""");

        var error = Assert.Throws<UserInputException>(() => PromptFile.Read(_path, answers: true).Count());

        Assert.Contains("line 1: its answer calls tools", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_toolsOfNothing_areAbsent() =>
        Assert.Single(
            Read("""{"prompt": [{"role": "user", "content": "x", "tool_calls": []}], "tools": [], "chat_template_kwargs": {}}"""));

    [Fact]
    public void Read_plainText_isAPromptALine()
    {
        var path = Path.ChangeExtension(_path, "txt");
        File.WriteAllText(path, "Once upon\n\n{\"a\": 1}\r\nOnce upon\n");
        var prompts = PromptFile.Read(path).ToArray();
        File.Delete(path);

        Assert.Equal(["Once upon", "{\"a\": 1}"], prompts.Select(prompt => prompt.Text));
        Assert.Equal(2, prompts.Select(prompt => prompt.Id).Distinct().Count());
    }

    [Fact]
    public void Read_compressedPlainText_isAPromptALine()
    {
        var path = $"{_path}.txt.gz";
        using (var stream = new GZipStream(File.Create(path), CompressionLevel.Fastest))
        {
            stream.Write(" Once upon \n{\"a\": 1}\n"u8);
        }
        var prompts = PromptFile.Read(path).ToArray();
        File.Delete(path);

        Assert.Equal([" Once upon ", "{\"a\": 1}"], prompts.Select(prompt => prompt.Text));
    }

    [Fact]
    public async Task Read_Parquet_givesThePromptsOfTheSameLines()
    {
        Row[] rows =
        [
            new() { Id = "a", Turns = [new() { Role = "user", Content = "Why?" }] },
            new() { Turns = [new() { Role = "user", Content = "é" }] },
        ];
        await ParquetSerializer.SerializeAsync(rows, _path);
        var prompts = PromptFile.Read(_path).ToArray();
        var place = PromptFile.PlaceOf(prompts[1].Id, _path);

        Assert.Equal($"{_path}, row 2", place);
        Assert.Equivalent(
            Read("""{"id":"a","prompt":[{"role":"user","content":"Why?"}]}""", """{"prompt":[{"role":"user","content":"é"}]}"""),
            prompts,
            strict: true);
    }

    [Fact]
    public async Task Read_ParquetWithoutPrompts_namesItsColumns()
    {
        await ParquetSerializer.SerializeAsync(new[] { new Turn { Role = "user", Content = "Why?" } }, _path);

        var error = Assert.Throws<UserInputException>(() => PromptFile.Read(_path).Count());

        Assert.Contains("\"role\" (text), \"content\" (text). Wanted are \"prompt\"", error.Message);
    }

    [Fact]
    public void Read_valueThatIsNoText_isItsJson()
    {
        var checks = Read(
            """{"prompt": "x", "checks": [{"kind": "json-schema", "value": {"type": "null"}}, {"kind": "numeric", "value": 4.50}, {"kind": "ended"}]}"""
        )[0].Checks;

        Assert.Equal(["""{"type": "null"}""", "4.50", ""], checks.Select(check => check.Value));
    }

    [Fact]
    public void PlaceOf_aPrompt_isItsLine()
    {
        Read("""{"id": "a", "prompt": "x"}""", "", """{"id": "b", "prompt": "y"}""");

        Assert.Equal($"{_path}, line 3", PromptFile.PlaceOf("b", _path));
    }

    [Fact]
    public void Read_sameIdTwice_namesBothLines()
    {
        var error = Assert.Throws<UserInputException>(() => Read("""{"id": "a", "prompt": "x"}""", """{"id": "a", "prompt": "y"}"""));

        Assert.Contains("line 2", error.Message);
        Assert.Contains("line 1", error.Message);
    }

    [Fact]
    public void Read_emptyFile_saysWhatBelongsThere()
    {
        var error = Assert.Throws<UserInputException>(() => Read(""));

        Assert.Contains(_path, error.Message);
        Assert.Contains("no prompts", error.Message);
    }

    [Fact]
    public void Read_noFile_namesIt()
    {
        var error = Assert.Throws<UserInputException>(() => PromptFile.Read(_path).Count());

        Assert.Contains(_path, error.Message);
    }

    [Fact]
    public void Read_bothSides_partTheFileWhateverTheIds()
    {
        string[] Lines(string ids) => [.. Enumerable.Range(0, 300).Select(i => $$"""{"id": "{{ids}}{{i}}", "prompt": "text {{i}}"}""")];
        Read(Lines("a"));
        var train = PromptFile.Read(_path, Split.Train).Select(prompt => prompt.Text).ToArray();
        Read(Lines("b"));
        var heldOut = PromptFile.Read(_path, Split.HeldOut).Select(prompt => prompt.Text).ToArray();

        Assert.Empty(train.Intersect(heldOut));
        Assert.Equal(300, train.Length + heldOut.Length);
        Assert.InRange(heldOut.Length, 15, 50);
    }

    [Fact]
    public void Write_generatedPrompts_readBackAsTheyWere()
    {
        var prompts = TaskGenerator.Prompts(3, [.. TaskTable.All.Select(task => task.Name)], 24, Split.Train);
        using (var stream = File.Create(_path))
        {
            PromptFile.Write(stream, prompts);
        }

        Assert.Equivalent(prompts, PromptFile.Read(_path).ToArray(), strict: true);
    }

    private Prompt[] Read(params string[] lines)
    {
        File.WriteAllText(_path, string.Join('\n', lines), Encoding.UTF8);
        return [.. PromptFile.Read(_path)];
    }

    private sealed class Row
    {
        [JsonPropertyName("id")]
        public string? Id { get; set; }

        [JsonPropertyName("prompt")]
        public List<Turn>? Turns { get; set; }
    }

    private sealed class Turn
    {
        [JsonPropertyName("role")]
        public string? Role { get; set; }

        [JsonPropertyName("content")]
        public string? Content { get; set; }
    }
}

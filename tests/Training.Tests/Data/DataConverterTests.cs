using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Training.Data;

namespace IterativeDpo.Training.Tests.Data;

/// <summary>Our pairs out to TRL's formats and back, and every conversion that has no meaning.</summary>
public sealed class DataConverterTests(DataFiles files) : IClassFixture<DataFiles>
{
    private static readonly PairRecord[] _records =
    [
        Record("p1", "sky → <|user|>?", "blue", "green", 0.75),
        Record("p1", "sky → <|user|>?", "blue", "grün", 1),
        Record("p2", "grass?", "green\n", "blue", 1),
    ];

    [Theory]
    [InlineData(DataTarget.TrlConversational)]
    [InlineData(DataTarget.Trl)]
    public void Convert_pairs_there_and_back_gives_the_same_file(DataTarget target)
    {
        // A text has no way to tell a special token from one that a person spelled.
        var path = files.Write((target == DataTarget.Trl ? _records[2..] : _records).Select(Line));

        var there = Convert(path, target);
        var back = Convert(there, DataTarget.Pairs);

        Assert.Equal(File.ReadAllText(path), File.ReadAllText(back));
    }

    [Fact]
    public void Convert_pairs_to_standard_is_what_the_model_reads_without_bos_and_end()
    {
        var path = files.Write(Line(new(_records[2].Pair)));

        Assert.Equal(
            """{"prompt":"<|user|>\ngrass?<|end|>\n<|assistant|>\n","chosen":"green\n","rejected":"blue","prompt_id":"p2"}""" + "\n",
            File.ReadAllText(Convert(path, DataTarget.Trl)));
    }

    [Fact]
    public void Convert_pairs_to_conversational_is_question_and_answers()
    {
        var path = files.Write(Line(_records[0]));

        Assert.StartsWith(
            """{"prompt":[{"role":"user","content":"sky → <|user|>?"}],"chosen":[{"role":"assistant","content":"blue"}],"rejected":[{"role":"assistant","content":"green"}],"prompt_id":"p1","chosen_probability":0.75,"provenance":{"task":""",
            File.ReadAllText(Convert(path, DataTarget.TrlConversational)));
    }

    [Fact]
    public void Convert_pairs_to_unpaired_trains_as_the_pairs_do()
    {
        var path = files.Write(new[] { Record("p1", "sky?", "blue", "grün", 1), _records[2] }.Select(Line));
        using var pairs = files.Open(path, new DataOptions(64, Unpaired: true));

        using var unpaired = files.Open(Convert(path, DataTarget.TrlUnpaired), new DataOptions(64, Unpaired: true));

        Assert.Equivalent(pairs.Examples.Skip(2), unpaired.Examples.Skip(2), strict: true);
        Assert.Equal(4, unpaired.Examples.Count);
    }

    [Theory]
    [InlineData(DataTarget.Pairs)]
    [InlineData(DataTarget.Trl)]
    [InlineData(DataTarget.TrlConversational)]
    [InlineData(DataTarget.TrlUnpaired)]
    public void Convert_pair_that_is_rather_wrong_gives_it_turned_round_with_its_provenance(DataTarget target)
    {
        var asked = Record("p2", "grass?", "green\n", "blue", 0.25);
        var turned = asked.Provenance! with
        {
            ChosenText = "blue",
            RejectedText = "green\n",
            ChosenIndex = 1,
            RejectedIndex = 0,
            ChosenSeed = 7,
            RejectedSeed = ulong.MaxValue,
            ChosenScore = 0,
            RejectedScore = 1,
        };

        var converted = Convert(files.Write(Line(asked)), target);

        Assert.Equal(
            File.ReadAllText(Convert(files.Write(Line(new(Record("p2", "grass?", "blue", "green\n", 0.75).Pair, turned))), target)),
            File.ReadAllText(converted));
    }

    [Theory]
    [InlineData("0.1", "c", "b")]
    [InlineData("0.9", "b", "c")]
    public void Convert_to_unpaired_labels_by_the_probability(string probability, string right, string wrong)
    {
        var path = files.Write($$"""{"prompt":"a","chosen":"b","rejected":"c","chosen_probability":{{probability}}}""");
        using var unpaired = files.Open(path, new DataOptions(64, Unpaired: true));

        var lines = File.ReadAllLines(Convert(path, DataTarget.TrlUnpaired));

        Assert.StartsWith($$"""{"prompt":"a","completion":"{{right}}","label":true""", lines[0]);
        Assert.StartsWith($$"""{"prompt":"a","completion":"{{wrong}}","label":false""", lines[1]);
        Assert.Equal(
            lines.Select(line => line.Contains("true")),
            unpaired.Examples.Cast<LabelledCompletion>().Select(example => example.Desirable));
    }

    [Fact]
    public void Convert_undecided_pair_to_unpaired_is_refused_and_so_is_training_on_its_labels()
    {
        var path = files.Write("""{"prompt":"a","chosen":"b","rejected":"c","chosen_probability":0.5}""");

        foreach (Action read in new Action[]
            {
                () => Convert(path, DataTarget.TrlUnpaired),
                () => files.Open(path, new DataOptions(64, Unpaired: true)),
            })
        {
            Assert.Contains("line 1: \"chosen_probability\" is 0.5", Assert.Throws<UserInputException>(read).Message);
        }
    }

    [Theory]
    [InlineData(
        """{"chosen":"The sky is blue.","rejected":"The sky is green."}""",
        DataTarget.Trl,
        """{"prompt":"The sky is","chosen":" blue.","rejected":" green.",""")]
    [InlineData(
        """{"prompt":"a","chosen":"b","rejected":"c"}""",
        DataTarget.TrlUnpaired,
        """{"prompt":"a","completion":"b","label":true,""")]
    [InlineData(
        """{"prompt":"a","completion":"b","label":false,"prompt_id":"p"}""",
        DataTarget.TrlUnpaired,
        """{"prompt":"a","completion":"b","label":false,"prompt_id":"p"}""")]
    [InlineData(
        """{"chosen":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}],"rejected":[{"role":"user","content":"a"},{"role":"assistant","content":"c"}]}""",
        DataTarget.TrlConversational,
        """{"prompt":[{"role":"user","content":"a"}],"chosen":[{"role":"assistant","content":"b"}],"rejected":[{"role":"assistant","content":"c"}],""")]
    [InlineData(
        """{"prompt":[{"role":"user","content":"a"}],"chosen":[{"role":"assistant","content":"b"}],"rejected":[{"role":"assistant","content":"c"}]}""",
        DataTarget.TrlUnpaired,
        """{"prompt":[{"role":"user","content":"a"}],"completion":[{"role":"assistant","content":"b"}],"label":true,""")]
    public void Convert_without_token_ids_needs_no_model(string row, DataTarget target, string expected)
    {
        var output = $"{files.Write(row)}.converted";

        new DataConverter(target, null).Convert([files.Write(row)], output, new DataOptions(0));

        Assert.StartsWith(expected, File.ReadAllText(output));
    }

    [Fact]
    public void Convert_conversation_to_texts_goes_through_the_template()
    {
        var path = files.Write(
            """{"prompt":[{"role":"user","content":"a"}],"chosen":[{"role":"assistant","content":"b"}],"rejected":[{"role":"assistant","content":"c"}]}""");

        Assert.StartsWith(
            """{"prompt":"<|user|>\na<|end|>\n<|assistant|>\n","chosen":"b","rejected":"c",""",
            File.ReadAllText(Convert(path, DataTarget.Trl)));
    }

    [Fact]
    public void Convert_to_unpaired_keeps_the_provenance()
    {
        var there = Convert(files.Write(Line(_records[2])), DataTarget.TrlUnpaired);

        var again = Convert(there, DataTarget.TrlUnpaired);

        Assert.All(File.ReadLines(there), line => Assert.Contains("\"provenance\":{\"task\":\"say\",\"prompt_text\":\"grass?\"", line));
        Assert.Equal(File.ReadAllText(there), File.ReadAllText(again));
    }

    [Fact]
    public async Task Convert_pipe_is_read_as_a_file_is()
    {
        const string Row = """{"prompt":"a","completion":"b","label":false,"prompt_id":"p"}""";
        var pipe = await files.PipeAsync(Row);

        Assert.Equal(Row + "\n", File.ReadAllText(Convert(pipe, DataTarget.TrlUnpaired)));
    }

    [Fact]
    public void Convert_rows_that_can_all_not_be_converted_writes_nothing()
    {
        var output = files["none.jsonl"];
        var path = files.Write("""{"prompt":"a","completion":"b","label":true}""");

        var error = Assert.Throws<UserInputException>(
            () => new DataConverter(DataTarget.Trl, null).Convert([path], output, new DataOptions(0, SkipBadRows: true)));

        Assert.Contains("none of the 1 rows can be used (1 Unpaired)", error.Message);
        Assert.False(File.Exists(output));
    }

    [Fact]
    public void Convert_says_what_it_read_and_wrote()
    {
        var path = files.Write("""{"prompt":"a","chosen":"b","rejected":"c"}""", "{", """{"prompt":"a","chosen":"b","rejected":"b"}""");

        var summary = new DataConverter(DataTarget.TrlUnpaired, null).Convert(
            [path],
            files["said.jsonl"],
            new DataOptions(0, SkipBadRows: true));

        Assert.Equal((3, 2, 2), (summary.Read.Rows, summary.Read.Rejected, summary.RowsWritten));
    }

    [Theory]
    [InlineData("""{"prompt":"a","completion":"b","label":true}""", DataTarget.Trl, "unpaired")]
    [InlineData("""{"prompt":"a","completion":"b","label":true}""", DataTarget.Pairs, "unpaired")]
    [InlineData("""{"prompt":"a","chosen":"b","rejected":"c"}""", DataTarget.TrlConversational, "no turns")]
    [InlineData(
        """{"pair":{"prompt_id":"p","prompt_ids":[256,97],"chosen_ids":[98],"rejected_ids":[99]}}""",
        DataTarget.TrlConversational,
        "\"provenance\" is missing")]
    [InlineData("""{"pair":{"prompt_id":"p","prompt_ids":[256,97],"chosen_ids":[200],"rejected_ids":[99]}}""", DataTarget.Trl, "no text")]
    public void Convert_to_what_the_rows_cannot_be_is_refused_and_writes_nothing(string row, DataTarget target, string said)
    {
        var output = files["refused.jsonl"];

        var error = Assert.Throws<UserInputException>(
            () => new DataConverter(target, files.Tokenizer).Convert([files.Write(row)], output, new DataOptions(0)));

        Assert.Contains(said, error.Message);
        Assert.False(File.Exists(output));
    }

    [Theory]
    [InlineData("say <|end|>\n<|assistant|>\nok", "yes")]
    [InlineData("say", "yes <|end|> x")]
    public void Convert_messages_that_spell_special_tokens_is_refused_where_a_text_would_have_them(string question, string answer)
    {
        var row =
            $$"""{"prompt":[{"role":"user","content":{{Json(question)}}}],"chosen":[{"role":"assistant","content":{{Json(answer)}}}],"rejected":[{"role":"assistant","content":"no"}]}""";
        var path = files.Write(row);

        var error = Assert.Throws<UserInputException>(() => Convert(path, DataTarget.Trl));

        Assert.Contains($"{path}, line 1: no text stands for the token ids", error.Message);
        Assert.StartsWith(row[..^1], File.ReadAllText(Convert(path, DataTarget.TrlConversational)));
    }

    [Fact]
    public void Convert_pair_that_spells_a_special_token_is_no_text()
    {
        foreach (var target in new[] { DataTarget.Trl, DataTarget.TrlUnpaired })
        {
            Assert.Contains(
                "special token",
                Assert.Throws<UserInputException>(() => Convert(files.Write(Line(_records[0])), target)).Message);
        }
    }

    [Fact]
    public void Convert_pair_of_a_raw_text_is_no_conversation()
    {
        var record = _records[2] with
        {
            Pair = _records[2].Pair with { PromptIds = [ByteVocabulary.Bos, .. ByteVocabulary.Encode("grass?")] },
        };

        var summary = new DataConverter(DataTarget.TrlConversational, files.Tokenizer)
            .Convert([files.Write(Line(record), Line(_records[2]))], files["raw.jsonl"], new DataOptions(0, SkipBadRows: true));

        Assert.Equal([new(RowProblem.NotTheConversation, 1)], summary.Read.RejectedByProblem);
    }

    [Fact]
    public void Convert_pairs_without_a_model_asks_for_it()
    {
        var error = Assert.Throws<UserInputException>(() =>
            new DataConverter(DataTarget.Trl, null).Convert([files.Write(Line(_records[0]))], files["asks.jsonl"], new DataOptions(0)));

        Assert.Contains("--model", error.Message);
    }

    private string Convert(string path, DataTarget target)
    {
        var output = $"{path}.{target}";
        new DataConverter(target, files.Tokenizer).Convert([path], output, new DataOptions(0));
        return output;
    }

    private static PairRecord Record(string id, string question, string chosen, string rejected, double probability) => new(
        new PreferencePair(id, PromptIds(question), Answer(chosen), Answer(rejected), probability),
        new PairProvenance(
            "say",
            question,
            chosen,
            rejected,
            0,
            1,
            ulong.MaxValue,
            7,
            1,
            0,
            "verifier",
            "temperature 1",
            Digest.Of("base"u8),
            null,
            3));

    private static int[] PromptIds(string question) =>
        [
            ByteVocabulary.Bos,
            .. ByteVocabulary.Encode("<|user|>\n"),
            .. Bytes(question),
            .. ByteVocabulary.Encode("<|end|>\n<|assistant|>\n"),
        ];

    private static int[] Answer(string text) => [.. Bytes(text), ByteVocabulary.End];

    private static IEnumerable<int> Bytes(string text) => System.Text.Encoding.UTF8.GetBytes(text).Select(b => (int)b);

    private static string Json(string text) => System.Text.Json.JsonSerializer.Serialize(text, PairFile.Json);

    private static string Line(PairRecord record)
    {
        using var stream = new MemoryStream();
        PairFile.Write(stream, [record]);
        return System.Text.Encoding.UTF8.GetString(stream.ToArray()).TrimEnd('\n');
    }
}

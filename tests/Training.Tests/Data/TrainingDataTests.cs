using IterativeDpo.Artifacts;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Training.Data;

namespace IterativeDpo.Training.Tests.Data;

/// <summary>Every format in, through llama.cpp's own tokenizer.</summary>
public sealed class TrainingDataTests(DataFiles files) : IClassFixture<DataFiles>
{
    private static readonly int[] _question = ByteVocabulary.EncodeQuestion("sky?");
    private static readonly int[] _sky = [ByteVocabulary.Bos, .. ByteVocabulary.Encode("The sky is")];

    [Theory]
    [InlineData("""{"prompt":"The sky is","chosen":" blue.","rejected":" green."}""")]
    [InlineData("""{"chosen":"The sky is blue.","rejected":"The sky is green."}""")]
    [InlineData("""{"prompt":null,"chosen":"The sky is blue.","rejected":"The sky is green.","score_chosen":9}""")]
    public void Open_texts_are_tokenised_apart_with_one_bos_and_one_end(string row)
    {
        var pair = OnePair(row);

        Assert.Equal(_sky, pair.PromptIds);
        Assert.Equal([.. ByteVocabulary.Encode(" blue."), ByteVocabulary.End], pair.ChosenIds);
        Assert.Equal([.. ByteVocabulary.Encode(" green."), ByteVocabulary.End], pair.RejectedIds);
    }

    [Theory]
    [InlineData(
        """{"prompt":[{"role":"user","content":"sky?"}],"chosen":[{"role":"assistant","content":"blue"}],"rejected":[{"role":"assistant","content":"green"}]}""")]
    [InlineData(
        """{"chosen":[{"role":"user","content":"sky?"},{"role":"assistant","content":"blue"}],"rejected":[{"role":"user","content":"sky?"},{"role":"assistant","content":"green"}]}""")]
    [InlineData(
        """{"prompt":"sky?","chosen":[{"role":"user","content":"sky?"},{"role":"assistant","content":"blue"}],"rejected":[{"role":"user","content":"sky?"},{"role":"assistant","content":"green"}]}""")]
    public void Open_conversations_go_through_the_template_once(string row)
    {
        var pair = OnePair(row);

        Assert.Equal(_question, pair.PromptIds);
        Assert.Equal([.. ByteVocabulary.Encode("blue"), ByteVocabulary.End], pair.ChosenIds);
        Assert.Equal([.. ByteVocabulary.Encode("green"), ByteVocabulary.End], pair.RejectedIds);
    }

    [Fact]
    public void Open_unpaired_rows_give_labelled_completions_with_mismatches()
    {
        var path = files.Write(
            """{"prompt":"a","completion":"x","label":true}""",
            """{"prompt":"a","completion":"y","label":false}""",
            """{"prompt":"b","completion":"z","label":true}""");

        using var data = files.Open(path, new DataOptions(64, Unpaired: true));

        var examples = data.Examples.Cast<LabelledCompletion>().ToList();
        Assert.Equal(
            [('x', true, 'z'), ('y', false, 'z'), ('z', true, 'y')],
            examples.Select(e => ((char)e.CompletionIds[0], e.Desirable, (char)e.MismatchedIds[0])));
    }

    [Fact]
    public void Open_unpaired_conversation_goes_through_the_template()
    {
        var path = files.Write(
            """{"prompt":[{"role":"user","content":"sky?"}],"completion":[{"role":"assistant","content":"blue"}],"label":true}""");

        using var data = files.Open(path, new DataOptions(64, Unpaired: true));

        Assert.Equal(_question, data.Examples[0].PromptIds);
        Assert.Equal([.. ByteVocabulary.Encode("blue"), ByteVocabulary.End], data.Examples[0].First);
    }

    [Fact]
    public void Open_preferences_for_an_unpaired_loss_give_what_FromPairs_gives()
    {
        PreferencePair[] pairs = [new("p", [1], [2], [3]), new("p", [1], [4], [3]), new("q", [4], [5, 5], [6]), new("r", [7], [8], [9])];
        var path = files.Write(pairs.Select(Line));

        using var data = files.Open(path, new DataOptions(64, Unpaired: true));

        Assert.Equivalent(LabelledCompletion.FromPairs(pairs), data.Examples, strict: true);
    }

    [Fact]
    public void Open_pair_file_gives_its_pairs()
    {
        var pairs = TinyModel.Pairs(7);

        using var data = files.Open(files.Write(pairs.Select(Line)));

        Assert.Equivalent(pairs, data.Examples, strict: true);
    }

    [Theory]
    [InlineData("\"pair\":\"a-b\"")]
    [InlineData("\"pair\":{\"left\":1}")]
    [InlineData("\"pair\":null")]
    [InlineData("\"provenance\":\"web\"")]
    [InlineData("\"provenance\":{\"judge\":1}")]
    [InlineData("\"tools\":[{\"name\":\"f\"}]")]
    [InlineData("\"images\":[],\"image\":null,\"videos\":[null]")]
    [InlineData("\"system\":\"The sky\"")]
    [InlineData("\"note\":\"\\ud800 \\u0000\"")]
    public void Open_texts_beside_a_column_of_another_tool_are_read(string column) =>
        Assert.Equal(_sky, OnePair($$"""{{{column}},"prompt":"The sky is","chosen":" blue.","rejected":" green."}""").PromptIds);

    [Fact]
    public void Open_conversation_with_columns_for_tools_that_hold_nothing_is_read() => Assert.Equal(_question, OnePair(
                """{"tools":null,"chat_template_kwargs":{"think":null},"documents":[],"system":"","prompt":[{"role":"user","content":"sky?","tool_calls":[]}],"chosen":[{"role":"assistant","content":"blue"}],"rejected":[{"role":"assistant","content":"green"}]}"""
            ).PromptIds);

    [Fact]
    public async Task Open_pipe_is_refused_with_the_way_out()
    {
        var pipe = await files.PipeAsync("{}");

        Assert.Contains("a pipe", Assert.Throws<UserInputException>(() => files.Open(pipe)).Message);
    }

    [Fact]
    public void Open_several_files_gives_one_after_the_other()
    {
        var pairs = files.Write(Line(new("p", [1], [2], [3])));
        var texts = files.Write("""{"prompt":"The sky is","chosen":" blue.","rejected":" green."}""");

        using var data = TrainingData.Open([pairs, texts], files.Tokenizer, new DataOptions(64), files["cache-two"]);

        Assert.Equal([[1], _sky], data.Examples.Select(example => example.PromptIds));
        Assert.Equal([DataFormat.Pair, DataFormat.Preference], data.Rows.Formats);
    }

    [Fact]
    public void Open_row_with_id_and_probability_keeps_them()
    {
        var pair = OnePair("""{"prompt_id":7,"prompt":"a","chosen":"b","rejected":"c","chosen_probability":0.8}""");

        Assert.Equal(("7", 0.8), (pair.PromptId, pair.ChosenProbability));
    }

    [Theory]
    [InlineData(
        """{"prompt_id":"p","prompt":"a","chosen":"b","rejected":"c","chosen_probability":0.1}""",
        """{"prompt_id":"p","prompt":"a","chosen":"c","rejected":"b","chosen_probability":0.9}""")]
    [InlineData(
        """{"prompt_id":"p","chosen":"ab","rejected":"ac","chosen_probability":0}""",
        """{"prompt_id":"p","chosen":"ac","rejected":"ab"}""")]
    [InlineData(
        """{"prompt":[{"role":"user","content":"a"}],"chosen":[{"role":"assistant","content":"b"}],"rejected":[{"role":"assistant","content":"c"}],"chosen_probability":0.25}""",
        """{"prompt":[{"role":"user","content":"a"}],"chosen":[{"role":"assistant","content":"c"}],"rejected":[{"role":"assistant","content":"b"}],"chosen_probability":0.75}""")]
    [InlineData(
        """{"pair":{"prompt_id":"p","prompt_ids":[1],"chosen_ids":[2],"rejected_ids":[3],"chosen_probability":0.1}}""",
        """{"pair":{"prompt_id":"p","prompt_ids":[1],"chosen_ids":[3],"rejected_ids":[2],"chosen_probability":0.9}}""")]
    public void Open_pair_that_is_rather_wrong_is_the_pair_turned_round(string row, string turned)
    {
        foreach (var unpaired in new[] { false, true })
        {
            using var data = files.Open(files.Write(row), new DataOptions(64, unpaired));
            using var expected = files.Open(files.Write(turned), new DataOptions(64, unpaired));

            Assert.Equivalent(expected.Examples, data.Examples, strict: true);
        }
    }

    [Fact]
    public void Open_undecided_pair_is_taken_only_where_the_probability_is_read()
    {
        var path = files.Write("""{"prompt":"a","chosen":"b","rejected":"c","chosen_probability":0.5}""");
        using var data = files.Open(path);

        var error = Assert.Throws<UserInputException>(() => files.Open(path, new DataOptions(64, ReadsProbability: false)));

        Assert.Equal(0.5, data.Examples.Single().Label);
        Assert.Contains("line 1: \"chosen_probability\" is 0.5", error.Message);
    }

    [Fact]
    public void Open_rows_without_ids_share_one_if_they_share_the_prompt()
    {
        var path = files.Write(
            """{"prompt":"a","chosen":"b","rejected":"c"}""",
            """{"chosen":"b","rejected":"c","prompt":"\u0061"}""",
            """{"prompt":"d","chosen":"b","rejected":"c"}""");

        using var data = files.Open(path);

        var ids = data.Examples.Select(example => example.PromptId).ToList();
        Assert.Equal(ids[0], ids[1]);
        Assert.NotEqual(ids[0], ids[2]);
    }

    [Fact]
    public void Open_long_completion_is_cut_at_its_end()
    {
        using var data = files.Open(files.Write("""{"prompt":"a","chosen":"bbbbbbbb","rejected":"c"}"""), new DataOptions(5));

        Assert.Equal(ByteVocabulary.Encode("bbb"), data.Examples[0].First);
        Assert.Equal(1, data.Rows.Cut);
    }

    [Fact]
    public void Open_pairs_equal_within_the_length_are_dropped_and_counted()
    {
        var path = files.Write("""{"prompt":"a","chosen":"bbbbx","rejected":"bbbby"}""", """{"prompt":"a","chosen":"b","rejected":"c"}""");

        using var data = files.Open(path, new DataOptions(5));

        Assert.Single(data.Examples);
        Assert.Equal(1, data.Rows.RejectedByProblem[RowProblem.EqualWithinLength]);
    }

    [Fact]
    public void Open_bad_rows_skipped_are_counted_and_listed()
    {
        var path = files.Write("{", """{"prompt":"a","chosen":"b","rejected":"c"}""", """{"prompt":"a","chosen":"b"}""", "", "[]");

        using var data = files.Open(path, new DataOptions(64, SkipBadRows: true));

        Assert.Equal((4, 1, 3), (data.Rows.Rows, data.Rows.Examples, data.Rows.Rejected));
        Assert.Equal(
            [(1, RowProblem.NotJson), (3, RowProblem.MissingField), (5, RowProblem.NotJson)],
            data.Rows.FirstRejected.Select(row => (row.Line, row.Problem)));
    }

    [Fact]
    public void Open_many_rows_on_two_threads_keeps_the_order()
    {
        var path = files.Write(Enumerable.Range(0, 5000).Select(i => $$"""{"prompt":"{{i}}","chosen":"b","rejected":"c"}"""));

        using var data = files.Open(path, new DataOptions(64, Threads: 2));

        Assert.Equal(
            Enumerable.Range(0, 5000).Select(i => $"{i}"),
            data.Examples.Select(example => files.Tokenizer.DecodePrompt(example.PromptIds)));
    }

    [Fact]
    public void Open_unpaired_rows_for_a_loss_on_pairs_is_refused()
    {
        var path = files.Write("""{"prompt":"a","completion":"x","label":true}""");

        var error = Assert.Throws<UserInputException>(() => files.Open(path));

        Assert.Contains(path, error.Message);
        Assert.Contains("unpaired", error.Message);
    }

    private PreferencePair OnePair(string row)
    {
        using var data = files.Open(files.Write(row));
        return Assert.IsType<PreferencePair>(Assert.Single(data.Examples));
    }

    private static string Line(PreferencePair pair)
    {
        using var stream = new MemoryStream();
        PairFile.Write(stream, [new(pair)]);
        return System.Text.Encoding.UTF8.GetString(stream.ToArray()).TrimEnd();
    }
}
